/** What a call fails with, where nobody else says it. */

import type { Problem } from "../types";

/** What `start()` rejects with when the visitor hung up, or the page said no, before the room was joined: no error. */
export const CANCELLED: Problem = { code: "cancelled", spent: "no" };

export function failedToLoad(): never {
  throw { code: "load_failed" } satisfies Problem;
}

export function notJoined(): never {
  throw { code: "network_lost", spent: "yes" } satisfies Problem;
}

export function isProblem(thrown: unknown): thrown is Problem {
  return typeof (thrown as Partial<Problem> | null)?.code === "string" && !(thrown instanceof Error);
}
