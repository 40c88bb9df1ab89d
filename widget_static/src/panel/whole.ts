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

/** Keeps keyboard and scrolling inside, once what can do that has come. */
export function useInside(root: { current: HTMLElement | null }, host: Widget, whole: boolean): void {
  useLayoutEffect(() => {
    if (!whole) return undefined;
    const over = new AbortController();
    more.value?.inside(root.current!, host, over.signal);
    return () => over.abort();
  }, [whole, more.value]);
}
