/** The bar's one quiet line: the latest words of either side; until there are any, what one should know. */

import type { VNode } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

import * as model from "../call/model";
import { lookOf } from "../panel/look";
import { text } from "../panel/texts";
import type { CaptionProps } from "./slots";

export function Caption({ widget }: CaptionProps): VNode {
  const shown = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    // Words that stand out at their beginning fade there; by which side that is.
    const box = shown.current;
    const cut = box && (box.firstElementChild as HTMLElement).offsetWidth > box.clientWidth;
    if (box) box.dataset.cut = cut ? getComputedStyle(box).direction : "";
  });
  const last = lookOf(widget).options.transcript !== false && model.lines.value.at(-1);
  const notice = model.state.value === "reconnecting" ? "reconnecting" : model.microphoneLost.value && "microphone_lost";
  if (notice || !last) return <p class={`caption ${notice ? "notice" : ""}`}>{text(notice || "ai_notice")}</p>;
  return (
    <p class={`caption ${last.role}`} part="caption">
      {last.role === "visitor" && <b>{text("you")}</b>}
      <span ref={shown} class="last" dir="auto"><span>{last.text}</span></span>
    </p>
  );
}
