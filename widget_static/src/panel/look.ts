/** What the page sets of the panel's look counts at once: whatever is drawn from it is drawn again. */

import { effect, signal } from "@preact/signals";

import * as model from "../call/model";
import type { Widget } from "../types";

export interface Look {
  options: Widget["options"];
  /** BCP 47, in lower case. */
  language: string;
  direction: Widget["direction"];
}

/** Counts the changes. */
const changes = signal(0);

const observer = new MutationObserver(() => {
  changes.value++;
});

effect(() => {
  const home = model.home.value;
  observer.disconnect();
  if (home) observer.observe(home, { attributes: true });
});

/** How the panel in this element looks now. Whoever draws with it is drawn again when that changes. */
export function lookOf(widget: Widget): Look {
  void changes.value;
  // The server tells of languages, too.
  void model.site.value;
  return { options: widget.options, language: widget.spoken, direction: widget.direction };
}
