/** Mints site tokens. */

import type { AttributeProperties } from "../attributes";
import type { Problem, SiteToken, Widget } from "../types";
import { within } from "./within";

/** Milliseconds. Minting asks nobody but the server's own memory. */
const PATIENCE = 10_000;

const UNREADABLE: Problem = { code: "load_failed", retryable: true, spent: "no" };

/** Milliseconds that a token must have left: those from here to the server, and some to spare. */
const NEEDED = 10_000;

/** A request that the loader began with the page's own grant, and `Date.now()` then. */
export interface Early {
  response: Promise<Response>;
  asked: number;
}

/** With the grant given, else the page's own, which is renewed where it can be and has to be. */
export async function mint(widget: Widget & AttributeProperties, given?: string, early?: Early): Promise<SiteToken> {
  const { agent, grant, grantUrl } = widget;
  const ask = async (grant: string | null | undefined) => {
    const asked = Date.now();
    const response = await send(`${widget.api}/v1/sites/${encodeURIComponent(widget.siteKey)}/token`, {
      method: "POST",
      // A string goes as text/plain, which needs no preflight.
      body: JSON.stringify({ agent, grant }),
      credentials: "omit",
    });
    return readToken(response, asked);
  };
  if (given) return ask(given);
  if (!grant && grantUrl) return ask(await renewed(grantUrl));
  try {
    return (early && (await taken(early))) ?? (await ask(grant));
  } catch (problem) {
    // A page that stays open outlives the grant that is written in it, and the secret that signed it.
    if (!grantUrl || !/^grant_/.test((problem as Problem).code)) throw problem;
    return ask(await renewed(grantUrl));
  }
}

/**
 * What the loader asked for; undefined where it could not be reached, does not come, or is of no use by now: that is
 * asked for again.
 *
 * @throws {Problem} what the server refused, which is not.
 */
async function taken({ response, asked }: Early): Promise<SiteToken | undefined> {
  const patience = Math.max(PATIENCE - (Date.now() - asked), 1_000);
  try {
    const token = await within(patience, response.then((response) => readToken(response, asked)));
    return Date.now() < token.at + token.expires_in * 1_000 - NEEDED ? token : undefined;
  } catch (problem) {
    if (((problem as Partial<Problem> | undefined)?.code ?? UNREADABLE.code) !== UNREADABLE.code) throw problem;
    return undefined;
  }
}

/** @throws {Problem} */
async function readToken(response: Response | undefined, asked: number): Promise<SiteToken> {
  const token = await answer<SiteToken>(response);
  token.at = asked;
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
  throw (body as Problem | undefined)?.code ? body : UNREADABLE;
}
