/** Who solves a challenge: ALTCHA's is solved here, any other by the page. */

import type { Challenge, Problem, SolverModule, Widget } from "../types";

const solutions = new WeakMap<Challenge, Promise<string>>();

/**
 * The solution, begun at most once for each challenge.
 *
 * @throws {Problem} `challenge_failed` where nobody solves it, `load_failed` where the solver does not come.
 */
export function solution(widget: Widget, challenge: Challenge, signal: AbortSignal): Promise<string> {
  let solving = solutions.get(challenge);
  if (!solving) {
    solving = challenge.kind === "altcha" ? solver().then(({ solve }) => solve(challenge, signal)) : byThePage(widget, challenge);
    solving.catch(() => {}); // Whoever needs it hears of it.
    solutions.set(challenge, solving);
  }
  return solving;
}

/** The first promise that a listener makes is the page's answer. It may take as long as the visitor does. */
async function byThePage(widget: Widget, challenge: Challenge): Promise<string> {
  const promised: unknown[] = [];
  widget.emit("vaani-challenge", { challenge, waitUntil: (promise: unknown) => promised.push(promise) });
  if (!promised.length) console.warn(`vaani-widget: no listener of vaani-challenge solves one of kind ${challenge.kind}.`);
  const answer = await Promise.resolve(promised[0]).catch((error) => {
    console.warn("vaani-widget: vaani-challenge was not solved.", error);
  });
  if (typeof answer === "string") return answer;
  throw { code: "challenge_failed", spent: "no" } satisfies Problem;
}

async function solver(): Promise<SolverModule> {
  // Some browsers remember a failed import for good, so a second attempt has another address.
  const address = `./altcha${__LOCALE_SUFFIX__}`;
  try {
    return await import(address).catch(() => import(address + "?again"));
  } catch {
    throw { code: "load_failed", spent: "no" } satisfies Problem;
  }
}
