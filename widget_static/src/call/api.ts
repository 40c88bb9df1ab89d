/** Requests of a call: the one that starts it, and what becomes of it. Minting is the loader's. */

import type { EndReason, Problem, StartedCall, Widget } from "../types";

/** The server gives Vaani ten seconds; an answer that takes longer than this is lost. */
const PATIENCE = 20_000;

/** Body of the request. What is undefined is left out. */
export interface Start {
  site_token: string;
  settings: Readonly<Record<string, unknown>>;
  metadata: Readonly<Record<string, unknown>>;
  challenge_solution: string | undefined;
  consent: { version: string } | undefined;
}

/** @throws {Problem} */
export const startCall = (widget: Widget, start: Start): Promise<StartedCall> =>
  post<StartedCall>(`${widget.api}/v1/calls`, start);

export type News =
  | { event: "connected" }
  | { event: "ended"; reason: EndReason }
  | { event: "feedback"; rating: number; text: string };

/**
 * Tells the server how the call goes; it outlives the page. Losing it is harmless.
 *
 * @returns whether the server has it.
 */
export async function progress(widget: Widget, call: StartedCall, news: News): Promise<boolean> {
  try {
    const address = `${widget.api}/v1/calls/${encodeURIComponent(call.call_id)}/progress`;
    const { ok } = await send(address, { call_token: call.call_token, ...news }, {
      keepalive: true,
      signal: AbortSignal.timeout(PATIENCE),
    });
    return ok;
  } catch {
    return false;
  }
}

async function post<Answer>(url: string, body: unknown): Promise<Answer> {
  let answer: unknown;
  let response: Response;
  try {
    response = await send(url, body, { signal: AbortSignal.timeout(PATIENCE) });
    answer = await response.json();
  } catch {
    throw { code: "network_lost", spent: "unknown" } satisfies Problem;
  }
  if (response.ok && isCall(answer)) return answer as Answer;
  throw isProblem(answer) ? answer : ({ code: "internal_error", spent: "unknown" } satisfies Problem);
}

function send(url: string, body: unknown, options: RequestInit): Promise<Response> {
  // A string goes as text/plain, which needs no preflight; a beacon instead would carry cookies.
  return fetch(url, { method: "POST", body: JSON.stringify(body), credentials: "omit", ...options });
}

function isCall(answer: unknown): boolean {
  const call = answer as Partial<StartedCall> | null;
  return [call?.call_id, call?.token, call?.connection_url, call?.call_token].every(
    (value) => typeof value === "string",
  );
}

function isProblem(answer: unknown): answer is Problem {
  return typeof (answer as Partial<Problem> | null)?.code === "string";
}
