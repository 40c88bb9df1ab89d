/** Pointing and clicking, at the launcher and at whatever else is marked `data-vaani-call`, also what is added later. */

import { elements, place } from "./common";
import type { VaaniWidgetElement } from "./element";

let dwelling: number | undefined;

export function notice(event: Event): void {
  clearTimeout(dwelling);
  const trigger = (event.composedPath() as Element[]).find((element) => element.hasAttribute?.("data-vaani-call"));
  if (!trigger) return;
  const { type, pointerType, key, ctrlKey, metaKey, shiftKey } = event as MouseEvent & PointerEvent & KeyboardEvent;
  const host = (trigger.getRootNode() as ShadowRoot).host as VaaniWidgetElement;
  const site = trigger.getAttribute("data-vaani-call");
  const widget = elements.has(host) ? host : [...elements].find((element) => !site || element.siteKey === site);
  if (type === "click") {
    // A link that is opened elsewhere leads to the call page.
    if (ctrlKey || metaKey || shiftKey) return;
    event.preventDefault();
    (widget ?? place({ site, variant: "none" })).start();
  } else if (type === "pointerdown" || /^(mouse| |Enter)$/.test(pointerType ?? key)) {
    // Passing over it is no intent.
    dwelling = setTimeout(() => widget?.warm_(), type === "pointerover" ? 80 : 0);
  }
}
