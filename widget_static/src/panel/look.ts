/** What the page sets of the panel's look counts at once: whatever is drawn from it is drawn again. */

import { effect, signal } from "@preact/signals";

import * as model from "../call/model";
import type { Widget } from "../types";

export interface Look {
  options: Widget["options"];
  /** BCP 47, in lower case. */
  language: string;
  direction: Widget["direction"];
  dark: boolean;
}

/** Counts the changes. */
const changes = signal(0);

const changed = () => {
  changes.value++;
};
const observer = new MutationObserver(changed);
const system = matchMedia("(prefers-color-scheme: dark)");
system.addEventListener("change", changed);

effect(() => {
  const home = model.home.value;
  observer.disconnect();
  if (!home) return;
  // Where pages say that they are dark.
  for (const element of [home, document.documentElement, document.body]) observer.observe(element, { attributes: true });
});

/** Found a moment ago: one drawing asks for every text of it, and the styles that the answer needs are dear. */
let found: { widget: Widget; change: number; look: Look } | undefined;

/** How the panel in this element looks now. Whoever draws with it is drawn again when that changes. */
export function lookOf(widget: Widget): Look {
  const change = changes.value;
  // The server tells of languages, too.
  void model.site.value;
  if (found?.widget !== widget || found.change !== change) {
    const { options, spoken: language, direction } = widget;
    found = { widget, change, look: { options, language, direction, dark: isDark(widget, options.theme) } };
    queueMicrotask(() => (found = undefined));
  }
  return found.look;
}

/** As asked for, else as the page around it, else as the visitor's system. */
function isDark(widget: Widget, theme: unknown): boolean {
  const own = theme === "light" || theme === "dark" ? theme : getComputedStyle(widget).colorScheme;
  // What a page says in its head is in no style.
  const meta = own === "normal" && document.querySelector<HTMLMetaElement>("meta[name=color-scheme]");
  const scheme = meta ? meta.content : own;
  const [light, dark] = [/light/.test(scheme), /dark/.test(scheme)];
  return dark !== light ? dark : system.matches;
}
