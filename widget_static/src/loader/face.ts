/** What is drawn on a page view. */

import css from "./face.css";

/** One for all elements. A browser that has no such thing is too old for a call. */
export let sheet: CSSStyleSheet | undefined;
try {
  sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
} catch {}

/** Black or white, whichever is easier to read on an `rgb()`, `oklch()` or `oklab()`. White on nothing. */
export function inkOn(color: string): string {
  // Relative luminance, nearly: with WCAG's own curve and weights, the contrast of any color is above 4.5.
  const [, red, green, blue] = color.split(/[^\d.]+/).map((channel) => (channel as any) ** 2.2) as [0, number, number, number];
  // `ok…` begins with its lightness.
  return 3 * red + 10 * green + blue > 5e5 || (color[0] === "o" && red > 0.28) ? "#000" : "#fff";
}
