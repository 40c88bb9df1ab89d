/** `<vaani-widget>` in the JSX of React 19. Make it known once: `import type {} from "vaani-widget-types/react"`. */

import type { DetailedHTMLProps, HTMLAttributes } from "react";
import type { VaaniWidgetElement, VaaniWidgetEventMap, VaaniWidgetMarkup } from "./index";

/** React 19 listens by the event's own name behind `on`: `onvaani-call-end`. */
type Listeners = {
  [Name in keyof VaaniWidgetEventMap as `on${Name}`]?: ((event: VaaniWidgetEventMap[Name]) => void) | undefined;
};

/** Without `false`, which React leaves out while the script has not come: off is `"false"`. */
type Props = Omit<DetailedHTMLProps<HTMLAttributes<VaaniWidgetElement>, VaaniWidgetElement>, keyof VaaniWidgetMarkup> &
  { [Name in keyof VaaniWidgetMarkup]?: Exclude<VaaniWidgetMarkup[Name], false> } &
  Listeners;

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "vaani-widget": Props;
    }
  }
}
