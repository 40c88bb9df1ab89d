/** How the panel shows the call: whole, as a small bar, or not at all. */

import { signal } from "@preact/signals";

export interface View {
  shape: "open" | "small" | null;
  /** Whether the keyboard goes into what is shown now. */
  focus: boolean;
}

export const view = signal<View>({ shape: null, focus: false });
