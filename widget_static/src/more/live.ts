/** Calls what is needed while a call is heard, and what undoes it when the call is over. */

import { effect } from "@preact/signals";

import * as model from "../call/model";

/** @param begin returns what ends it. Called again for every call. */
export function whileLive(begin: () => () => void): void {
  effect(() => (model.joined.value && model.busy() ? begin() : undefined));
}
