/** What the panel has only once a call is there. Every export is drawn, or called, by the panel where it has come. */

import type { VNode } from "preact";

import css from "./more.css";
import type { DevicesProps, HelpProps } from "./slots";

export { Composer } from "./composer";
export { Feedback } from "./feedback";
export { Transcript } from "./transcript";
export { Instead, Sound } from "./written";
export { css };

export function Devices(_: DevicesProps): VNode | null {
  return null;
}

export function Help(_: HelpProps): VNode | null {
  return null;
}
