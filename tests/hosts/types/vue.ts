// What has to compile where Vue knows the element.
import type { GlobalComponents } from "vue";
import type {} from "vaani-widget-types/vue";

type Props = InstanceType<GlobalComponents["vaani-widget"]>["$props"];

export const right: Props = {
  site: "shop",
  "accent-color": "#0a7c5a",
  transcript: false,
  onVaaniCallEnd: (event) => event.detail.durationSeconds,
};
// @ts-expect-error: there is no such place
export const place: Props = { position: "middle" };
// @ts-expect-error: it has no message
export const listener: Props = { onVaaniError: (event) => event.detail.message };
