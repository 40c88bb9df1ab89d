/** The keyboard of a phone lies over the page: a fixed box is moved above it. */

/** Writes how many pixels of the window are covered where the stylesheet finds it. Returns how to stop. */
export function aboveKeyboard(inside: Element): () => void {
  const panel = inside.closest<HTMLElement>(".panel");
  const view = window.visualViewport;
  if (!panel || !view) return () => {};
  const fit = () => {
    // Who has zoomed in sees less of the page without any keyboard.
    const covered = view.scale > 1.01 ? 0 : innerHeight - view.height - view.offsetTop;
    panel.style.setProperty("--keyboard", `${Math.max(0, Math.round(covered))}px`);
  };
  const over = new AbortController();
  const { signal } = over;
  fit();
  view.addEventListener("resize", fit, { signal });
  view.addEventListener("scroll", fit, { signal });
  return () => {
    over.abort();
    panel.style.removeProperty("--keyboard");
  };
}
