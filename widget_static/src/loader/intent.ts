/** Pointing, clicking and the keyboard, at the launcher and at whatever else is marked `data-vaani-call`, also what is added later. */

import { elements, place } from "./common";
import type { VaaniWidgetElement } from "./element";

let dwelling: number | undefined;
let moving: number | undefined;

/** What has the keyboard is seen: a launcher that covers its middle makes way until the keyboard has moved on. */
function uncover(path: Element[]): void {
  const focused = path[0]!;
  for (const { launcher_ } of elements) launcher_.className = "";
  const { x, y, width, height } = focused.getBoundingClientRect();
  const covering = document.elementFromPoint(x + width / 2, y + height / 2) as VaaniWidgetElement;
  if (focused.matches(":focus") && elements.has(covering) && !path.includes(covering)) covering.launcher_.className = "away";
}

export function notice(given: PointerEvent & KeyboardEvent): void {
  const { type } = given;
  const path = given.composedPath() as Element[];
  if (/^f/.test(type)) {
    clearTimeout(moving);
    // It may still be scrolled to, and smoothly.
    moving = setTimeout(uncover, 500, path);
    return;
  }
  clearTimeout(dwelling);
  const trigger = path.find((element) => element.hasAttribute?.("data-vaani-call"));
  if (!trigger) return;
  const host = (trigger.getRootNode() as ShadowRoot).host as VaaniWidgetElement;
  const site = trigger.getAttribute("data-vaani-call");
  const widget = elements.has(host) ? host : [...elements].find((element) => !site || site === element.siteKey);
  if (type === "click") {
    // A link that is opened elsewhere leads to the call page.
    if (given.ctrlKey || given.metaKey || given.shiftKey) return;
    given.preventDefault();
    // The second of two quick ones means no other thing. "none" has no launcher; what is not only that has a bar, and
    // so a way to hang up.
    if (given.detail < 2) (widget ?? place({ site, variant: "own none", server: [...elements][0]?.server })).start();
  } else if (given.key === "Escape") {
    // Not where it covers nothing, or is busy; and not by the Escape that is still down from closing the card.
    if (widget === host && !given.repeat && trigger.matches(".box:not(.inline)>:not([aria-busy=true])")) widget?.face("dismissed");
  } else if (type === "pointerdown" || /^(mouse| |Enter)$/.test(given.pointerType ?? given.key)) {
    // Passing over it is no intent.
    dwelling = setTimeout(() => widget?.warm_(), type === "pointerover" ? 80 : 0);
  }
}
