/** How the panel shows the call. */

import { signal } from "@preact/signals";

/** The card; the bar; a call that only the page shows (`variant="none"`). */
export type Shape = "open" | "small" | "unseen";

export interface View {
  /** Null where there is no panel. */
  shape: Shape | null;
  /** Whether the keyboard goes into what is shown now. */
  focus: boolean;
}

export const view = signal<View>({ shape: null, focus: false });
