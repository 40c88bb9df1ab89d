/** Calls what is needed while a call is heard, and what undoes it when the call is over. */

import { computed, effect } from "@preact/signals";

import * as model from "../call/model";

/** The same from one end of a call to the other, whoever speaks. */
const live = computed(() => model.joined.value && model.busy());

/** @param begin returns what ends it. Called again for every call. */
export function whileLive(begin: () => () => void): void {
  effect(() => (live.value ? begin() : undefined));
}
