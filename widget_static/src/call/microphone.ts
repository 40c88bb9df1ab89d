/** What the browser says when there is no microphone to be had, as a code that a sentence belongs to. */

import type { BrowserCode } from "../types";

interface Policy {
  allowsFeature(feature: string): boolean;
}

/**
 * @param error what `getUserMedia` rejected with.
 * @returns `mic_denied` where the visitor said no and can say yes again; `mic_blocked` where that is not in the
 *   page's power (a frame without `allow`, a Permissions-Policy, the operating system); `mic_missing`; `mic_busy`.
 */
export function microphoneCode(error: unknown): BrowserCode {
  const { name, message } = error as DOMException;
  switch (name) {
    case "NotFoundError":
    case "OverconstrainedError":
      return "mic_missing";
    case "NotReadableError":
    case "AbortError":
      return "mic_busy";
    case "NotAllowedError":
      // Chromium tells only in prose that the operating system refused.
      return /system|policy/i.test(message) || !allowedByPolicy() ? "mic_blocked" : "mic_denied";
    case "SecurityError":
      return "mic_blocked";
    default:
      return "unsupported";
  }
}

function allowedByPolicy(): boolean {
  const { permissionsPolicy, featurePolicy } = document as Document & { permissionsPolicy?: Policy; featurePolicy?: Policy };
  return (permissionsPolicy ?? featurePolicy)?.allowsFeature("microphone") ?? true;
}
