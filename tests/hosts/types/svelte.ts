// What has to compile where Svelte knows the element.
import type { SvelteHTMLElements } from "svelte/elements";
import type {} from "vaani-widget-types/svelte";

type Props = SvelteHTMLElements["vaani-widget"];

export const right: Props = {
  class: "corner",
  site: "shop",
  "accent-color": "#0a7c5a",
  transcript: "false",
  "onvaani-call-end": (event) => event.detail.durationSeconds,
};
// @ts-expect-error: there is no such place
export const place: Props = { position: "middle" };
// @ts-expect-error: it has no message
export const listener: Props = { "onvaani-error": (event) => event.detail.message };
