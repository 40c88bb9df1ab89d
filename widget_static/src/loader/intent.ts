/** Pointing and clicking, at the launcher and at whatever else is marked `data-vaani-call`, also what is added later. */

import { elements, place } from "./common";
import type { VaaniWidgetElement } from "./element";

let dwelling: number | undefined;

export function notice(event: Event): void {
  clearTimeout(dwelling);
  const trigger = (event.composedPath() as Element[]).find((element) => element.hasAttribute?.("data-vaani-call"));
  if (!trigger) return;
  const given = event as MouseEvent & PointerEvent & KeyboardEvent;
  const { type } = given;
  const host = (trigger.getRootNode() as ShadowRoot).host as VaaniWidgetElement;
  const site = trigger.getAttribute("data-vaani-call");
  const widget = elements.has(host) ? host : [...elements].find((element) => !site || site === element.siteKey);
  if (type === "click") {
    // A link that is opened elsewhere leads to the call page.
    if (given.ctrlKey || given.metaKey || given.shiftKey) return;
    event.preventDefault();
    (widget ?? place({ site, variant: "none" })).start();
  } else if (type === "pointerdown" || /^(mouse| |Enter)$/.test(given.pointerType ?? given.key)) {
    // Passing over it is no intent.
    dwelling = setTimeout(() => widget?.warm_(), type === "pointerover" ? 80 : 0);
  }
}
