/** What there is to know of the page's one call. The call writes it, the panel draws it. */

import { batch, signal } from "@preact/signals";

import type { EndReason, Problem, Segment, SiteInfo, State, Widget } from "../types";

export type Line = Segment;

/** The element that the call, or the panel without one, lives in. Events are told there. */
export const home = signal<Widget | null>(null);
export const site = signal<SiteInfo | null>(null);
export const state = signal<State>("idle");
/** Why the call could not be, or could not go on. */
export const problem = signal<Problem | null>(null);
export const reason = signal<EndReason | null>(null);
/** What the visitor has to agree to before the call, in the owner's words; without: that it ends another tab's. */
export const terms = signal<{ text: string | undefined; answer(agrees: boolean): void } | null>(null);
/** The browser has been asked for the microphone, and may be asking the visitor. */
export const prompting = signal(false);
export const lines = signal<readonly Line[]>([]);
/** The visitor types: there is no microphone in this call. */
export const written = signal(false);
/** The visitor does not want to hear the agent's voice. */
export const silent = signal(false);
/** Of the call that is there, or was last. */
export const callId = signal<string | null>(null);
export const muted = signal(false);
/** The microphone went away by itself and could not be taken up again. */
export const microphoneLost = signal(false);
export const soundBlocked = signal(false);
/** Whether the room was reached. */
export const joined = signal(false);
/** Whole seconds since the room was joined. */
export const seconds = signal(0);

/** Older ones are forgotten: a call of ten minutes has far fewer. */
const MOST_LINES = 400;

/** Moves to a state and tells the page. */
export function change(next: State): void {
  const previous = state.peek();
  if (next === previous) return;
  state.value = next;
  home.peek()?.emit("vaani-state", { state: next, previous });
}

/** Puts a segment where the one with its id was, else at the end. */
export function write(line: Line): void {
  const known = lines.peek();
  lines.value = known.some(({ id }) => id === line.id)
    ? known.map((old) => (old.id === line.id ? line : old))
    : [...known, line].slice(-MOST_LINES);
}

/** Forgets the last call. */
export function reset(): void {
  batch(() => {
    problem.value = reason.value = terms.value = callId.value = null;
    lines.value = [];
    written.value = silent.value = false;
    prompting.value = joined.value = muted.value = microphoneLost.value = soundBlocked.value = false;
    seconds.value = 0;
  });
}

/** Whether a call is under way, from the click to its end. */
export function busy(): boolean {
  return !["idle", "ended", "failed"].includes(state.value);
}
