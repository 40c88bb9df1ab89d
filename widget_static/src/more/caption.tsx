/** The bar's one quiet line: the latest words of either side; until that has been read, what one should know. */

import { effect, signal } from "@preact/signals";
import type { VNode } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

import * as model from "../call/model";
import { lookOf } from "../panel/look";
import { text } from "../panel/texts";
import { view } from "../panel/view";
import { whileLive } from "./live";
import type { CaptionProps } from "./slots";

/** Milliseconds from the agent's first words on; an owner's own notice may be longer than ours. */
const READ_IN = 6_000;
const PER_LETTER = 70;

/** Whoever is in this call has had the time to read what answers. Of the call, not of the bar, which comes and goes. */
export const noticed = signal(false);

whileLive(() => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  noticed.value = false;
  const stop = effect(() => {
    // Card and bar both say it; before either is drawn nobody can read.
    const drawn = /open|small/.test(`${view.value.shape}`);
    const speaks = model.state.value === "speaking" || model.lines.value.some(({ role }) => role === "agent");
    if (timer || !drawn || !speaks) return;
    timer = setTimeout(() => (noticed.value = true), Math.max(READ_IN, PER_LETTER * text("ai_notice").length));
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
});

export function Caption({ widget }: CaptionProps): VNode {
  const shown = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    const box = shown.current;
    if (!box) return;
    // Where the notice took several lines, the words have as many.
    box.toggleAttribute("data-lines", box.clientHeight > 1.5 * parseFloat(getComputedStyle(box).lineHeight));
    // Words that stand out at their beginning fade there; by which side that is.
    const cut = (box.firstElementChild as HTMLElement).offsetWidth > box.clientWidth;
    box.dataset.cut = cut ? getComputedStyle(box).direction : "";
  });
  // An owner who leaves it out has nothing to be read before.
  const read = noticed.value || !text("ai_notice");
  const last = lookOf(widget).options.transcript !== false && read && model.lines.value.at(-1);
  const notice = model.state.value === "reconnecting" ? "reconnecting" : model.microphoneLost.value && "microphone_lost";
  if (notice || !last) return <p class={`caption ${notice ? "notice" : ""}`}>{text(notice || "ai_notice")}</p>;
  return (
    <p class={`caption latest ${last.role}`} part="caption" data-room={text("ai_notice")}>
      {last.role === "visitor" && <b>{text("you")}</b>}
      <span ref={shown} class="last" dir="auto"><span>{last.text}</span></span>
    </p>
  );
}
