/** `<vaani-widget>` in Svelte 5. Make it known once: `import type {} from "vaani-widget-types/svelte"`. */

import type { HTMLAttributes } from "svelte/elements";
import type { VaaniWidgetAttributes, VaaniWidgetElement, VaaniWidgetEventMap, VaaniWidgetMarkup } from "./index";

type Listeners = {
  [Name in keyof VaaniWidgetEventMap as `on${Name}`]?: (event: VaaniWidgetEventMap[Name]) => void;
};

declare module "svelte/elements" {
  interface SvelteHTMLElements {
    "vaani-widget": Omit<HTMLAttributes<VaaniWidgetElement>, keyof VaaniWidgetMarkup> &
      Omit<VaaniWidgetAttributes, keyof VaaniWidgetMarkup> &
      VaaniWidgetMarkup &
      Listeners;
  }
}
