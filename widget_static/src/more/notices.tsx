/** What one should know of one's own side of the call. */

import type { VNode } from "preact";

import { text } from "../panel/texts";
import { view } from "../panel/view";
import { goOn, interrupted } from "./awake";
import { choosing } from "./devices-view";
import { taken } from "./devices";
import { Glyph } from "./glyphs";
import { pressed } from "./mute-key";
import { unheard } from "./silence";
import type { NoticesProps } from "./slots";

export function Notices({ widget }: NoticesProps): VNode {
  const choose = () => {
    choosing.value = true;
    // The bar has no room for it.
    if (view.peek().shape !== "open") void widget.open();
  };
  return (
    <>
      {unheard.value && text("unheard") && (
        <div class="warn unheard" role="status">
          <Glyph name="silent" />
          <div>
            <strong>{text("unheard")}</strong>
            <p>{text("unheard_help")}</p>
            <button type="button" class="link" aria-expanded={choosing.value} onClick={choose}>{text("choose_microphone")}</button>
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
