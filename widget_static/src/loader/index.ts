/** What a page view pays for: a button, and nothing else until somebody points at it. The rest is in `late.ts`. */

import { VaaniWidgetElement } from "./element";

declare const __SITE__: import("../types").SiteInfo | null;

/**
 * The tags that this script runs from. A module has no `currentScript`: it finds its tag by `data-site`, or by the
 * site in its address; it may find several, since a module runs once for all of them.
 */
function ownTags(): Iterable<HTMLScriptElement> {
  const { currentScript } = document;
  // `<img name="currentScript">` would stand here too, and have us load code from its `src`.
  if (currentScript instanceof HTMLScriptElement) return [currentScript];
  return document.querySelectorAll('script[src*="/widget.js"]:is([data-site],[src*="/sites/"])');
}

// A second loader, of whatever version, hands its tag to the first one's element.
const element = (customElements.get("vaani-widget") ?? VaaniWidgetElement) as typeof VaaniWidgetElement;
for (const tag of ownTags()) element.load(tag, __SITE__);
