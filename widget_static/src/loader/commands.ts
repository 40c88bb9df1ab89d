/** `VaaniWidget("start")`: how a page talks to the widget, before and after it has come. */

import { elements, panel } from "./common";

type Command = readonly [name: string, ...given: unknown[]];

/** What was commanded before there was an element, or a loader. */
let early: Command[] = [];

/** A method of the running call's element, else of the first; `on` and `off` are about all of them. */
function command(...given: Command): unknown {
  const [name, event, listener] = given as unknown as [string, string, EventListener];
  const off = () => removeEventListener(event, listener);
  if (name === "off") return off();
  if (name === "on") {
    addEventListener(event, listener);
    if (event === "vaani-ready") for (const { ready_ } of elements) listener(ready_!);
    return off;
  }
  const widget: any = panel?.running ?? [...elements][0];
  return widget ? widget[name]?.(event, listener) : early.push(given);
}

export function flush(): void {
  for (const given of early.splice(0)) command(...given);
}

/** Takes the place of the page's stub, which goes on pushing here where somebody still holds it. */
export function takeCommands(): void {
  const page = window as { VaaniWidget?: any };
  early = [...(page.VaaniWidget?.q ?? [])];
  (page.VaaniWidget = command as any).q = { push: (given: Command) => command(...given) };
}
