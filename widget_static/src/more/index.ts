/** What the panel has only once a call is there. Every export is drawn, or called, by the panel where it has come. */

import type { VNode } from "preact";

import css from "./more.css";
import type { ComposerProps, DevicesProps, FeedbackProps, HelpProps } from "./slots";

export { css };

export function Composer(_: ComposerProps): VNode | null {
  return null;
}

export function Feedback(_: FeedbackProps): VNode | null {
  return null;
}

export function Devices(_: DevicesProps): VNode | null {
  return null;
}

export function Help(_: HelpProps): VNode | null {
  return null;
}
