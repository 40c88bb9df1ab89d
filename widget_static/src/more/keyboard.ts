/** The keyboard of a phone lies over the page: a fixed box is moved above it. */

/** Writes how many pixels of the window are covered where the stylesheet finds it. Returns how to stop. */
export function aboveKeyboard(inside: Element): () => void {
  const panel = inside.closest<HTMLElement>(".panel");
  const view = window.visualViewport;
  if (!panel || !view) return () => {};
  const fit = () => {
    // Who has zoomed in sees less of the page without any keyboard.
    const covered = view.scale > 1.01 ? 0 : Math.round(innerHeight - view.height - view.offsetTop);
    if (covered > 0) panel.style.setProperty("--keyboard", `${covered}px`);
    else panel.style.removeProperty("--keyboard");
    // What one types into has become the last thing there is room for.
    const below = inside.getBoundingClientRect().bottom - panel.getBoundingClientRect().bottom;
    if (covered > 0 && below > 0 && inside.matches(":focus-within")) panel.scrollTop += below + 12;
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
