/** `<vaani-widget>` in Vue's templates and JSX. Make it known once: `import type {} from "vaani-widget-types/vue"`. */

import type { DefineComponent, HTMLAttributes } from "vue";
import type { VaaniWidgetAttributes, VaaniWidgetEventMap, VaaniWidgetMarkup } from "./index";

/** `@vaani-call-end` in a template. */
type Listeners = {
  [Name in keyof VaaniWidgetEventMap as `on${Capitalize<Camel<Name>>}`]?: (event: VaaniWidgetEventMap[Name]) => void;
};

type Camel<Name extends string> = Name extends `${infer First}-${infer Rest}` ? `${First}${Capitalize<Camel<Rest>>}` : Name;

export type VaaniWidgetProps = Omit<HTMLAttributes, keyof VaaniWidgetMarkup> &
  Omit<VaaniWidgetAttributes, keyof VaaniWidgetMarkup> &
  VaaniWidgetMarkup &
  Listeners;

declare module "vue" {
  interface GlobalComponents {
    "vaani-widget": DefineComponent<VaaniWidgetProps>;
    VaaniWidget: DefineComponent<VaaniWidgetProps>;
  }
}
