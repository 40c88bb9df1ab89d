/** What has the keyboard is seen: a bar or card that covers its middle makes way, as the launcher does. */

import { effect } from "@preact/signals";

import * as model from "../call/model";
import { view } from "../panel/view";

/** Milliseconds: it may still be scrolled to, and smoothly. */
const SETTLES = 500;
/** Pixels between the two. */
const GAP = 12;

effect(() => {
  const widget = model.home.value;
  const { shape } = view.value;
  if (!widget || !shape || shape === "unseen") return undefined;
  const { parentElement: box } = widget.stage;
  const over = new AbortController();
  let timer: ReturnType<typeof setTimeout>;

  const look = () => {
    box!.style.translate = "";
    const focused = document.activeElement!;
    const { x, y, width, height, top, bottom } = focused.getBoundingClientRect();
    const own = widget.stage.firstElementChild?.getBoundingClientRect();
    if (focused === widget || !own || document.elementFromPoint(x + width / 2, y + height / 2) !== widget) return;
    const above = top - GAP - own.bottom;
    const below = bottom + GAP - own.top;
    if (own.top + above >= 0) box!.style.translate = `0 ${above}px`;
    else if (own.bottom + below <= innerHeight) box!.style.translate = `0 ${below}px`;
    // A high card has room nowhere; its bar will.
    else if (shape === "open" && model.busy()) void widget.close();
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(look, SETTLES);
  };
  later();
  for (const type of ["focusin", "focusout"]) document.addEventListener(type, later, { signal: over.signal });
  return () => {
    over.abort();
    clearTimeout(timer);
    box!.style.translate = "";
  };
});
