/** The page behind a card that covers it does not scroll along. */

/**
 * Where nothing in the card can scroll, some browsers hand it on to the page, whatever `overscroll-behavior` says.
 *
 * @param over aborted when the card no longer covers the page.
 */
export function still(box: HTMLElement, over: AbortSignal): void {
  const keep = (event: WheelEvent | TouchEvent) => {
    // It is zoomed.
    if (event.ctrlKey || ("touches" in event && event.touches.length > 1)) return;
    for (let at = event.target as Element | null; at && box.contains(at); at = at.parentElement) {
      if (at.scrollHeight > at.clientHeight && /auto|scroll/.test(getComputedStyle(at).overflowY)) return;
    }
    if (event.cancelable) event.preventDefault();
  };
  for (const type of ["wheel", "touchmove"] as const) box.addEventListener(type, keep, { signal: over, passive: false });
}
