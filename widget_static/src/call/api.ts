/** Requests of a call: the one that starts it, and what becomes of it. Minting is the loader's. */

import type { EndReason, Problem, SiteToken, StartedCall, Widget } from "../types";

/** The server gives Vaani ten seconds; an answer that takes longer than this is lost. */
const PATIENCE = 20_000;

/** A token of these was not spent, so another one may be taken without asking. */
const STALE = new Set(["token_expired", "token_invalid"]);

export interface Wishes {
  grant?: string | undefined;
  settings: Readonly<Record<string, unknown>>;
  metadata: Readonly<Record<string, unknown>>;
}

/**
 * Spends a site token. A stale one is renewed unseen, once.
 *
 * @throws {Problem} what the server refused; `network_lost` with `spent: "unknown"` where the answer was lost:
 *   the call may have been started and paid for, so only the visitor decides about another.
 */
export async function startCall(widget: Widget, wishes: Wishes, know: (token: SiteToken) => void): Promise<StartedCall> {
  for (let renewed = false; ; renewed = true) {
    const token = await widget.siteToken({ ...(wishes.grant && { grant: wishes.grant }), fresh: renewed });
    know(token);
    try {
      return await post<StartedCall>(`${widget.api}/v1/calls`, {
        site_token: token.site_token,
        settings: wishes.settings,
        metadata: wishes.metadata,
      });
    } catch (problem) {
      if (renewed || !STALE.has((problem as Problem).code)) throw problem;
    }
  }
}

/** Tells the server how the call goes. Losing it is harmless, so nothing waits for it; it outlives the page. */
export function progress(
  widget: Widget,
  call: StartedCall,
  event: { event: "connected" } | { event: "ended"; reason: EndReason },
): void {
  send(`${widget.api}/v1/calls/${encodeURIComponent(call.call_id)}/progress`, {
    call_token: call.call_token,
    ...event,
  }, { keepalive: true }).catch(() => {});
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
