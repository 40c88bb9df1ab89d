/** What the agent asks of the page by LiveKit's RPC: whatever the page's own code does, the agent hears of it in time. */

import type { ToolHandler } from "../types";

/** Bytes of what is asked, and of what is answered: what LiveKit carries to agents of any age. */
const LARGEST = 15 * 1_024;
/** Milliseconds that a tool may take, however long the agent would wait. */
const LONGEST = 60_000;
/** Milliseconds that the answer may be on its way: an agent that hears nothing cannot tell a slow page from a lost one. */
const WAY = 1_000;

/** LiveKit's own codes. */
const FAILED = 1500;
const TOO_LATE = 1502;
const QUESTION_TOO_LARGE = 1402;
const ANSWER_TOO_LARGE = 1504;

export interface Question {
  payload: string;
  /** Milliseconds that the agent waits. */
  responseTimeout: number;
}

/**
 * The tool's answer, as JSON. What the page's code has thrown is the page's concern: it may hold what no model should read
 * aloud, and goes to the console.
 *
 * @throws what `refuse` makes of a code and of words for the agent.
 */
export async function answer(
  handler: ToolHandler,
  { payload, responseTimeout }: Question,
  refuse: (code: number, message: string) => Error,
): Promise<string> {
  if (tooLarge(payload)) throw refuse(QUESTION_TOO_LARGE, `The page takes no more than ${LARGEST} bytes.`);
  const patience = Math.max(WAY, Math.min(LONGEST, responseTimeout - WAY));
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(refuse(TOO_LATE, `The page did not answer in ${patience / 1_000} s.`)), patience);
  });
  const given = (async () => handler(parsed(payload)))().catch((error) => {
    console.error("vaani-widget: a tool failed.", error);
    throw refuse(FAILED, "The page failed to answer.");
  });
  const value = await Promise.race([given, late]).finally(() => clearTimeout(timer));
  let text: string;
  try {
    text = JSON.stringify(value) ?? "null";
  } catch (error) {
    console.error("vaani-widget: a tool's answer cannot be written as JSON.", error);
    throw refuse(FAILED, "The page's answer cannot be written as JSON.");
  }
  if (tooLarge(text)) throw refuse(ANSWER_TOO_LARGE, `The page's answer is longer than ${LARGEST} bytes.`);
  return text;
}

function tooLarge(text: string): boolean {
  return new TextEncoder().encode(text).length > LARGEST;
}

function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return payload;
  }
}
