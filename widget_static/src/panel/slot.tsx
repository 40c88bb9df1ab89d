/** Where the panel leaves room for what the chunk `more` brings. */

import type { VNode } from "preact";

import type { Widget } from "../types";
import { more } from "./more";

export function Slot({ of, widget }: { of: "Composer" | "Instead" | "Sound" | "Feedback" | "Devices" | "Help" | "Notices" | "Caption" | "Dismissal"; widget: Widget }): VNode | null {
  const Part = more.value?.[of];
  return Part ? <Part widget={widget} /> : null;
}
