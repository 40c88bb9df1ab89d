/** What is drawn on a page view. */

import css from "./face.css";

/** One for all elements. A browser that has no such thing is too old for a call. */
export let sheet: CSSStyleSheet | undefined;
try {
  sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
} catch {}

/** Black or white, whichever is easier to read on an `rgb()`. */
export function inkOn(color: string): string {
  // Relative luminance. WCAG's own curve differs where it makes no difference.
  const [red, green, blue] = (color.match(/\d+/g) ?? []).map((channel) => (+channel / 255) ** 2.2) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000" : "#fff";
}
