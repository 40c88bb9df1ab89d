/** Mints site tokens. */

import type { AttributeProperties } from "../attributes";
import type { Problem, SiteToken, Widget } from "../types";

/** Milliseconds. Minting asks nobody but the server's own memory. */
const PATIENCE = 10_000;

/**
 * With the grant given, else the page's own, which is renewed where it can be and has to be.
 *
 * @param early What the loader has asked for already, with the page's own grant.
 */
export async function mint(widget: Widget & AttributeProperties, given?: string, early?: Response): Promise<SiteToken> {
  const { agent, grant, grantUrl } = widget;
  const ask = (grant: string | null | undefined) =>
    send(`${widget.api}/v1/sites/${encodeURIComponent(widget.siteKey)}/token`, {
      method: "POST",
      // A string goes as text/plain, which needs no preflight.
      body: JSON.stringify({ agent, grant }),
      credentials: "omit",
    });
  if (given || !grantUrl) return readToken(early ?? (await ask(given ?? grant)));
  if (!grant) return readToken(await ask(await renewed(grantUrl)));
  // A page that stays open outlives the grant that is written in it.
  return readToken(early ?? (await ask(grant))).catch(async (problem: Problem) => {
    if (problem.code !== "grant_expired") throw problem;
    return readToken(await ask(await renewed(grantUrl)));
  });
}

/** @throws {Problem} */
async function readToken(response: Response | undefined): Promise<SiteToken> {
  const token = await answer<SiteToken>(response);
  token.at = performance.now();
  return token;
}

/** A grant for whoever the page's own session belongs to; none for an anonymous visitor. */
async function renewed(grantUrl: string): Promise<string | undefined> {
  // As the page's address has it, whatever its `<base href>`.
  const response = await send(new URL(grantUrl, location.href).href, { credentials: "same-origin" });
  return response?.status === 204 ? undefined : (await answer<{ grant?: string }>(response)).grant;
}

async function send(url: string, init: RequestInit): Promise<Response | undefined> {
  try {
    return await fetch(url, { ...init, cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
  } catch {
    return undefined;
  }
}

async function answer<Answer>(response: Response | undefined): Promise<Answer> {
  let body: unknown;
  try {
    body = await response?.json();
  } catch {
    // Not one of our answers.
  }
  if (response?.ok && body) return body as Answer;
  throw (body as Problem | undefined)?.code ? body : ({ code: "load_failed", retryable: true, spent: "no" } satisfies Problem);
}
