/** What one should know of one's own side of the call. */

import type { VNode } from "preact";

import { text } from "../panel/texts";
import { goOn, interrupted } from "./awake";
import { choosing } from "./devices-view";
import { taken } from "./devices";
import { Glyph } from "./glyphs";
import { pressed } from "./mute-key";
import { unheard } from "./silence";
import type { NoticesProps } from "./slots";

export function Notices(_: NoticesProps): VNode {
  return (
    <>
      {unheard.value && text("unheard") && (
        <div class="warn unheard" role="status">
          <Glyph name="silent" />
          <div>
            <strong>{text("unheard")}</strong>
            <p>{text("unheard_help")}</p>
            {!choosing.value && (
              <button type="button" class="link" onClick={() => (choosing.value = true)}>{text("choose_microphone")}</button>
            )}
          </div>
        </div>
      )}
      {taken.value && <p class="hint taken" aria-hidden="true">{text("using", { name: taken.value })}</p>}
      {interrupted.value && text("go_on") && (
        <button type="button" class="press sound" onClick={() => void goOn()}>
          <Glyph name="play" />
          {text("go_on")}
        </button>
      )}
      <span class="aside" role="status">{pressed.value && text(pressed.value)}</span>
    </>
  );
}
