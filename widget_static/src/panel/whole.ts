/** A card that covers the whole window is a modal one for as long as it does: nobody gets lost behind it. */

import { signal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";

import type { Widget } from "../types";
import { more } from "./more";

/** A phone has no room for a page beside the card. */
const phone = matchMedia("(max-width: 480px)");
const narrow = signal(phone.matches);
phone.addEventListener("change", () => (narrow.value = phone.matches));

/** Whether the card of such an element covers the window now. */
export function covers({ variant, position }: Widget["options"]): boolean {
  return narrow.value && variant === "compact" && position !== "inline";
}

/** Keeps keyboard and scrolling inside, and writes nothing into the page for it. */
export function useInside(root: { current: HTMLElement | null }, whole: boolean): void {
  useLayoutEffect(() => {
    if (!whole) return undefined;
    const box = root.current!;
    const over = new AbortController();
    const { signal } = over;

    const back = () => {
      if (box.matches(":focus-within") || !document.hasFocus()) return;
      // What the page has laid over the card, a challenge of its own, can be used.
      const { x, y, width, height } = document.activeElement!.getBoundingClientRect();
      const seen = (box.getRootNode() as ShadowRoot).elementFromPoint(x + width / 2, y + height / 2);
      if (!seen || box.contains(seen)) box.focus({ preventScroll: true });
    };
    back();
    document.addEventListener("focusin", back, { signal });

    box.addEventListener("keydown", (event) => {
      if (event.key !== "Tab") return;
      const all = [...box.querySelectorAll<HTMLElement>("a[href], button, select, textarea, [tabindex='0']")].filter(
        (one) => one.getClientRects().length && getComputedStyle(one).visibility === "visible",
      );
      const [first, last] = event.shiftKey ? [all.at(-1), all[0]] : [all[0], all.at(-1)];
      if (event.target !== last && !(event.shiftKey && event.target === box)) return;
      event.preventDefault();
      first?.focus();
    }, { signal });

    more.value?.still(box, signal);
    return () => over.abort();
  }, [whole, more.value]);
}
