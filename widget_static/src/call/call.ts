/** The one call of the page, from the click to its end. It belongs to this module, not to an element. */

import type { EndReason, Problem, ToolHandler } from "../types";
import { progress } from "./api";
import { type Sound, current, last, setMetadata, start, tools } from "./calling";

export { last, setMetadata, start };

export function end(reason: EndReason = "visitor"): void {
  current?.finish(reason);
}

/** Ends a call that can't go on, for a reason of the page's. */
export function fail(problem: Problem): void {
  current?.finish("error", problem);
}

export function mute(on: boolean): void {
  current?.mute(on);
}

export function levels(): { visitor: number; agent: number } {
  return current?.connection?.levels() ?? { visitor: 0, agent: 0 };
}

/** By what the running call hears and is heard. */
export function sound(): Sound | undefined {
  return current?.sound;
}

export async function playSound(): Promise<void> {
  await current?.connection?.playSound();
}

export async function sendText(text: string): Promise<void> {
  await current?.sendText(text);
}

/** The call goes on in writing, if it still waits for a microphone. */
export function write(): void {
  current?.write();
}

/** Whether the agent's voice is heard. */
export function silence(on: boolean): void {
  current?.silence(on);
}

/** What the visitor thinks of the last call: 1 to 5, and a sentence. False where it could not be told. */
export async function feedback(rating: number, text: string): Promise<boolean> {
  return !!last && progress(last.widget, last.started, { event: "feedback", rating, text });
}

/**
 * Kept for this page's calls: the running one, and those to come. The same name again replaces.
 *
 * @throws {TypeError} for a name that LiveKit's RPC has no room for, or what is no function.
 */
export function registerTool(name: string, handler: ToolHandler): void {
  const length = typeof name === "string" ? new TextEncoder().encode(name).length : 0;
  if (!length || length > 64 || typeof handler !== "function") {
    throw new TypeError("registerTool needs a name of 1 to 64 bytes and a function");
  }
  tools.set(name, handler);
  current?.connection?.registerTool(name, handler);
}
