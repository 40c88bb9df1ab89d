/** What there is to choose while no call runs. */

import type { VNode } from "preact";

import * as model from "../call/model";
import { lookOf } from "../panel/look";
import { text } from "../panel/texts";
import { Language } from "./language";
import type { SlotProps } from "./slots";
import { Instead as Typed } from "./written";

export function Instead({ widget }: SlotProps): VNode {
  const state = model.state.value;
  const over = state === "idle" || state === "ended";
  return (
    <>
      {over && <div class="chosen"><Language widget={widget} /></div>}
      <Typed widget={widget} />
    </>
  );
}

/** The launcher lies over the page: whoever is in its way there can do without it, until the page is loaded anew. */
export function Dismissal({ widget }: SlotProps): VNode | null {
  const { position, variant, feedback } = lookOf(widget).options;
  const asked = feedback && model.state.value === "ended";
  if (asked || position === "inline" || /none/.test(`${variant}`) || !text("hide_button")) return null;
  const dismiss = async () => {
    await widget.close();
    widget.face("dismissed");
  };
  return <button key="hide" type="button" class="press wide plain quiet" onClick={() => void dismiss()}>{text("hide_button")}</button>;
}
