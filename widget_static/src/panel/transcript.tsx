/** What was said comes with the chunk `more`, which is there before anything is said. */

import type { VNode } from "preact";

import { more } from "./more";

export function Transcript(): VNode | null {
  const Log = more.value?.Transcript;
  return Log ? <Log /> : null;
}
