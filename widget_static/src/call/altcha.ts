/**
 * Solves ALTCHA's proof of work. A chunk of its own, fetched only where a challenge is due.
 *
 * The browser's own PBKDF2 does the work, on a thread of its own: the page only hands it one attempt after another.
 */

import { solveChallenge } from "altcha-lib";
import { deriveKey } from "altcha-lib/algorithms/web/pbkdf2";
import type { Challenge as Asked } from "altcha-lib/types";

import type { Challenge, Problem } from "../types";

export async function solve(given: Challenge, signal: AbortSignal): Promise<string> {
  const { kind, ...rest } = given;
  const challenge = rest as unknown as Asked;
  const controller = new AbortController();
  signal.addEventListener("abort", () => controller.abort());
  if (signal.aborted) controller.abort();
  const solution = await solveChallenge({ challenge, controller, deriveKey });
  signal.throwIfAborted();
  if (!solution) throw { code: "challenge_failed", spent: "no" } satisfies Problem;
  return btoa(JSON.stringify({ challenge, solution }));
}
