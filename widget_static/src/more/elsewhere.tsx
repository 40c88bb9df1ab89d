/** The call in a window of its own, which outlives the page: a call can't move, so it begins anew there. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";

import * as call from "../call/call";
import * as model from "../call/model";
import { text } from "../panel/texts";
import type { Widget } from "../types";
import { Anew } from "./anew";
import { Sign } from "./signs";
import type { SlotProps } from "./slots";

/** Whether the site has a call page, this is not it, and the call there would be with the same agent and as the same visitor. */
export const elsewhere = (widget: Widget): boolean =>
  !!model.site.value?.share &&
  location.href.split(/[?#]/)[0] !== pageOf(widget) &&
  !["agent", "grant", "grantUrl"].some((name) => widget.options[name] != null);

const pageOf = ({ api, siteKey }: Widget): string => `${api}/call/${siteKey}`;

export function Elsewhere({ widget }: SlotProps): VNode | null {
  const [asking, ask] = useState(false);
  if (!elsewhere(widget) || !text("window")) return null;
  const open = () => {
    ask(false);
    // One window, however often it is asked for; at a phone it is a tab.
    const opened = window.open(pageOf(widget), "vaani_call", "popup,width=420,height=680");
    // A browser that opens none has not ended the call.
    if (opened) call.end();
  };
  if (asking) {
    return <Anew question={text("window_anew")} label={text("window_open")} go={open} stay={() => ask(false)} />;
  }
  return (
    <button type="button" class="press wide plain" onClick={() => ask(true)}>
      <Sign name="window" />
      {text("window")}
    </button>
  );
}
