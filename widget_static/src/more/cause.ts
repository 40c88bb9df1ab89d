/** Why a call can't be had, as far as that can be told here: one code may have several causes, each with its own way out. */

import { browser } from "./browser";

export type Cause =
  | "denied" | "in_app" | "frame" | "policy" | "system" | "missing" | "busy" | "plain" | "file" | "mixed" | "old" | "";

interface Policy {
  allowsFeature(feature: string): boolean;
}

const BY_CODE: Readonly<Record<string, Cause>> = {
  mic_denied: "denied",
  mic_blocked: "system",
  mic_missing: "missing",
  mic_busy: "busy",
  unsupported: "old",
};

/** What an app that keeps the microphone to itself may be behind. */
const IN_APP = ["mic_denied", "mic_blocked", "unsupported"];

export function causeOf(code: string): Cause {
  if (browser() === "in_app" && IN_APP.includes(code)) return "in_app";
  if (code === "mic_blocked" && forbidden()) return framed() ? "frame" : "policy";
  // A page that is secure itself asks a server that is not.
  if (code === "insecure_context") return ({ "http:": "plain", "file:": "file" } as const)[location.protocol as "http:"] ?? "mixed";
  return BY_CODE[code] ?? "";
}

/** Trying again on the spot gives the same. */
export function inVain(code: string): boolean {
  return ["frame", "policy"].includes(causeOf(code));
}

/** Inside of another page, with an address that can be opened by itself. */
export function framed(): boolean {
  return self !== top && /^http/.test(location.protocol);
}

/** Whether page or frame are not given the microphone; undefined where the browser does not say. */
export function forbidden(): boolean | undefined {
  const { permissionsPolicy, featurePolicy } = document as Document & { permissionsPolicy?: Policy; featurePolicy?: Policy };
  const policy = permissionsPolicy ?? featurePolicy;
  return policy && !policy.allowsFeature("microphone");
}

/** A call in writing needs no microphone, but a connection, and a server that may be asked. */
export function writable(code: string): boolean {
  return code.startsWith("mic_") || (!!window.RTCPeerConnection && ["plain", "old", "in_app"].includes(causeOf(code)));
}
