/** What the panel has only once a call is there. Every export is drawn, or called, by the panel where it has come. */

import type { VNode } from "preact";

import css from "./more.css";
import type { HelpProps } from "./slots";
import "./words";

export { Composer } from "./composer";
export { Devices } from "./devices-view";
export { Feedback } from "./feedback";
export { Notices } from "./notices";
export { Transcript } from "./transcript";
export { Instead, Sound } from "./written";
export { css };

export function Help(_: HelpProps): VNode | null {
  return null;
}
