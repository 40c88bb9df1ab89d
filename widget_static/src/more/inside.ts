/** A card that covers the page keeps keyboard and scrolling inside, and writes nothing into the page for it. */

/** @param over aborted when the card no longer covers the page. */
export function inside(box: HTMLElement, host: Element, over: AbortSignal): void {
  still(box, over);
  // What the page has insisted on: it may hold the keyboard as well, and the two would never come to an end.
  let insisted: unknown;

  const back = () => {
    const there = document.activeElement!;
    if (over.aborted || there === insisted || box.matches(":focus-within") || !document.hasFocus()) return;
    // What the page has laid over the card, a challenge of its own, can be used.
    const { x, y, width, height } = there.getBoundingClientRect();
    if ((document.elementFromPoint(x + width / 2, y + height / 2) ?? host) !== host) return;
    insisted = there;
    box.focus({ preventScroll: true });
  };
  // Once whoever moves the focus is done: no answer to an answer.
  const later = () => setTimeout(back);
  later();
  document.addEventListener("focusin", later, { signal: over });

  box.addEventListener("keydown", (event) => {
    insisted = null;
    if (event.key !== "Tab") return;
    const all = [...box.querySelectorAll<HTMLElement>("a[href], button, select, textarea, [tabindex='0']")].filter(
      (one) => one.getClientRects()[0] && getComputedStyle(one).visibility === "visible",
    );
    if (event.shiftKey) all.reverse();
    if (event.target !== all.at(-1) && !(event.shiftKey && event.target === box)) return;
    event.preventDefault();
    all[0]!.focus();
  }, { signal: over });
}

/**
 * Where nothing in the card can scroll, some browsers hand it on to the page, whatever `overscroll-behavior` says.
 *
 * @param over aborted when the card no longer covers the page.
 */
function still(box: HTMLElement, over: AbortSignal): void {
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
