/** What one should know of one's own side of the call. */

import type { VNode } from "preact";

import * as call from "../call/call";
import * as model from "../call/model";
import { text } from "../panel/texts";
import { view } from "../panel/view";
import { goOn, interrupted } from "./awake";
import { choosing } from "./devices-view";
import { taken } from "./devices";
import { Glyph } from "./glyphs";
import { pressed } from "./mute-key";
import { unheard } from "./silence";
import type { NoticesProps } from "./slots";

/** Seconds before the end of its time at which a call says so. */
const SAID_BEFORE = 60;

/** Not in a call that is no longer than that. */
function ending(): boolean {
  const most = call.last?.started.max_seconds ?? 0;
  return model.joined.value && model.busy() && most > 2 * SAID_BEFORE && model.seconds.value >= most - SAID_BEFORE;
}

export function Notices({ widget }: NoticesProps): VNode {
  const choose = () => {
    choosing.value = true;
    // The bar has no room for it.
    if (view.peek().shape !== "open") void widget.open();
  };
  const last = ending() && text("last_minute");
  return (
    <>
      {last && <p class="hint ending" aria-hidden="true">{last}</p>}
      <span class="aside" role="status">{last}</span>
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
      {interrupted.value && !model.soundBlocked.value && text("go_on") && (
        <button type="button" class="press sound" onClick={() => void goOn()}>
          <Glyph name="play" />
          {text("go_on")}
        </button>
      )}
      <span class="aside" role="status">{model.soundBlocked.value ? text("hear") : interrupted.value && text("go_on")}</span>
      <span class="aside" role="status">{pressed.value && text(pressed.value)}</span>
    </>
  );
}
