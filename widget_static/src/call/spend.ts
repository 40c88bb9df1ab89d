/** From the click to a started call: site tokens, and what the server wants to have with one. */

import type { Gesture, Problem, SiteInfo, SiteToken, StartedCall, Widget } from "../types";
import { startCall } from "./api";
import { agreed } from "./consent";
import { solution } from "./challenge";

/** Milliseconds that a token must have left: it may have waited for the visitor to answer a prompt. */
const NEEDED = 5_000;

/** Refusals that left the token unspent and can be mended unseen, each kind once. */
const MENDABLE: ReadonlyMap<string, string> = new Map([
  ["token_expired", "stale"],
  ["token_invalid", "stale"],
  ["consent_required", "consent"],
  ["challenge_required", "challenge"],
  ["challenge_failed", "solution"],
]);

export interface Wishes {
  grant?: string | undefined;
  settings: Readonly<Record<string, unknown>>;
  metadata: Readonly<Record<string, unknown>>;
}

/** What the call does about a token. */
export interface Errand {
  /** Resolves when the visitor has agreed to what the site asks, if it asks anything. */
  agree(site: SiteInfo): Promise<void>;
  signal: AbortSignal;
}

/**
 * The token that the call begins with, and the site as the server knows it now. That is told by the first token, be it
 * the call's or not: the call's own may have to wait for a grant that a listener fetches.
 */
export function firstToken(widget: Widget, before: Gesture["before"]): { site: Promise<SiteInfo>; token: Promise<SiteToken> } {
  const first = widget.siteToken();
  const token = before.then(({ grant }) => (grant ? widget.siteToken({ grant }) : first));
  // A site that takes signed visitors only refuses one without a grant.
  const site = first.catch(() => token).then((known) => known.site);
  // Whoever waits for these hears how they failed.
  token.catch(() => {});
  site.catch(() => {});
  return { site, token };
}

/**
 * Spends a token: with the visitor's consent and with the solution of a challenge, where the site wants them.
 *
 * @throws {Problem} what the server refused; `network_lost` with `spent: "unknown"` where the answer was lost:
 *   the call may have been started and paid for, so only the visitor decides about another.
 */
export async function spend(
  widget: Widget,
  first: Promise<SiteToken>,
  { grant, settings, metadata }: Wishes,
  { agree, signal }: Errand,
): Promise<StartedCall> {
  const renewed = () => widget.siteToken({ fresh: true, ...(grant && { grant }) });
  const mended = new Set<string>();
  let token = await first;
  for (;;) {
    await agree(token.site);
    if (Date.now() > token.at + token.expires_in * 1_000 - NEEDED) token = await renewed();
    const { site, challenge } = token;
    const challenge_solution = challenge && (await solution(widget, challenge, signal));
    signal.throwIfAborted();
    try {
      return await startCall(widget, {
        site_token: token.site_token,
        settings,
        metadata,
        challenge_solution,
        consent: site.consent && agreed(widget, site) ? { version: site.consent.version } : undefined,
      });
    } catch (thrown) {
      const { code, challenge: wanted } = thrown as Problem;
      const kind = MENDABLE.get(code);
      if (!kind || mended.has(kind)) throw thrown;
      mended.add(kind);
      // The token is good for another attempt only where nothing but a solution was missing.
      token = wanted ? { ...token, challenge: wanted } : await renewed();
    }
  }
}
