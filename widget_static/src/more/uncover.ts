/** What has the keyboard is seen: a bar or card that covers its middle makes way, as the launcher does. */

import { effect } from "@preact/signals";

import * as model from "../call/model";
import { active } from "../panel/focus";
import { view } from "../panel/view";

/** Milliseconds: it may still be scrolled to, and smoothly. */
const SETTLES = 500;
/** Pixels between the two. */
const GAP = 12;

effect(() => {
  const widget = model.home.value;
  const { shape } = view.value;
  if (!widget || !shape || shape === "unseen") return undefined;
  const box = widget.stage.parentElement!;
  const over = new AbortController();
  let timer: ReturnType<typeof setTimeout>;

  const look = (moved: boolean) => {
    box.style.translate = "";
    const drawn = widget.stage.firstElementChild;
    const focused = active();
    // What covers the window keeps the keyboard inside; what stands in the page covers nothing.
    if (!drawn || drawn.matches(".whole") || box.matches(".inline") || widget.matches(":focus-within") || !focused?.matches(":focus")) return;
    const own = drawn.getBoundingClientRect();
    const { x, y, width, height, top, bottom } = focused.getBoundingClientRect();
    // Of what is larger, a part is seen.
    if (width > own.width || height > own.height) return;
    if ((widget.getRootNode() as Document).elementFromPoint(x + width / 2, y + height / 2) !== widget) return;
    const above = top - GAP - own.bottom;
    const below = bottom + GAP - own.top;
    if (own.top + above >= 0) box.style.translate = `0 ${above}px`;
    else if (own.bottom + below <= innerHeight) box.style.translate = `0 ${below}px`;
    // A high card has room nowhere; its bar will. Not one that has just been opened, or has to be answered.
    else if (moved && shape === "open" && talking() && widget.options.variant !== "none") void widget.close();
  };
  const later = (moved: boolean) => {
    clearTimeout(timer);
    timer = setTimeout(look, SETTLES, moved);
  };
  later(false);
  // Of a move within one shadow root of the page's, nothing but the key is heard outside of it.
  for (const type of ["focusin", "focusout", "keyup"]) addEventListener(type, () => later(true), { signal: over.signal, capture: true });
  return () => {
    over.abort();
    clearTimeout(timer);
    box.style.translate = "";
  };
});

const talking = (): boolean => model.joined.peek() && model.busy() && !model.soundBlocked.peek();
