/** Which sentence belongs to which code, and whether trying again makes sense. */

import type { BrowserCode, Problem } from "../types";
import { text } from "./texts";

/** What each is called in the texts: the sentence under its name, what to do next under `…_help`. */
type Sentence =
  | Exclude<BrowserCode, "agent_absent" | "autoplay_blocked">
  | "token_spent" | "rate_limited" | "site_busy" | "budget_spent"
  | "sign_in" | "stale" | "unsolved" | "closed" | "unavailable" | "misconfigured" | "unknown";

/** Nothing where it is called like its only code. */
const SENTENCES: Readonly<Record<Sentence, string>> = {
  mic_denied: "",
  mic_blocked: "",
  mic_missing: "",
  mic_busy: "",
  insecure_context: "",
  unsupported: "",
  load_failed: "",
  network_lost: "",
  token_spent: "",
  rate_limited: "",
  site_busy: "",
  budget_spent: "",
  sign_in: "signed_visitors_only",
  stale: "token_invalid token_expired grant_expired consent_required",
  unsolved: "challenge_required challenge_failed",
  closed: "site_disabled upstream_balance",
  unavailable: "agent_absent store_unavailable upstream_unavailable upstream_timeout upstream_limited upstream_invalid",
  misconfigured:
    "bad_request origin_not_allowed agent_not_allowed grant_invalid site_not_found call_not_found not_found" +
    " method_not_allowed body_too_large unsupported_media_type settings_invalid agent_not_found upstream_auth" +
    " upstream_rejected",
  // Also `internal_error`.
  unknown: "",
};

const BY_CODE: ReadonlyMap<string, Sentence> = new Map(
  Object.entries(SENTENCES).flatMap(([sentence, codes]) =>
    (codes || sentence).split(" ").map((code) => [code, sentence as Sentence]),
  ),
);

/** Trying again on the spot can't help with these. */
const HOPELESS = new Set<Sentence>(["misconfigured", "closed", "insecure_context", "unsupported", "stale"]);

/** Longer than a visitor waits on a page. */
const TOO_LONG = 600;
/** Milliseconds. */
const FIVE_MINUTES = 3e5;

export function sentence({ code }: Problem): Sentence {
  return BY_CODE.get(code) ?? "unknown";
}

/** What is drawn above the sentence. Waiting is nothing to be alarmed about. */
export function signOf(key: Sentence): "muted" | "clock" | "warning" {
  if (key.startsWith("mic_")) return "muted";
  return ["rate_limited", "site_busy", "budget_spent", "closed"].includes(key) ? "clock" : "warning";
}

export function worthRetrying(problem: Problem): boolean {
  return !HOPELESS.has(sentence(problem)) && (problem.retry_after ?? 0) <= TOO_LONG;
}

/** Such as "in 5 minutes", "at 14:30" or "tomorrow at 9:00", in the visitor's language; `soon` where nobody knows. */
export function when({ retry_after: seconds }: Problem, language: string): string {
  if (!seconds) return text("soon");
  const locale = asked(language);
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  if (seconds < 90) return relative.format(Math.ceil(seconds), "second");
  if (seconds <= TOO_LONG) return relative.format(Math.ceil(seconds / 60), "minute");
  // Nobody comes back to the second.
  const then = new Date(Math.ceil((Date.now() + seconds * 1000) / FIVE_MINUTES) * FIVE_MINUTES);
  const days = Math.round((new Date(then).setHours(0, 0, 0, 0) - new Date().setHours(0, 0, 0, 0)) / 864e5);
  const time = text("at", { time: then.toLocaleTimeString(locale, { timeStyle: "short" }) });
  return days ? `${relative.format(days, "day")} ${time}` : time;
}

/** An owner's language may be one that no standard knows. */
function asked(language: string): string[] {
  try {
    return Intl.getCanonicalLocales(language);
  } catch {
    return ["en"];
  }
}
