/** What the click began: taken over for the call, or let go. */

import type { BrowserCode, Gesture, Problem } from "../types";

interface Policy {
  allowsFeature(feature: string): boolean;
}

/** @throws {Problem} with a code that says why there is none. */
export async function microphoneOf(gesture: Gesture): Promise<MediaStreamTrack> {
  try {
    // As the loader asks for it.
    gesture.microphone ??= navigator.mediaDevices.getUserMedia({ audio: true });
    const [track] = (await gesture.microphone).getAudioTracks();
    if (track) return track;
  } catch (error) {
    throw { code: codeOf(error), spent: "no" } satisfies Problem;
  }
  throw { code: "mic_missing", spent: "no" } satisfies Problem;
}

/** Lets go of the microphone, also of one that comes only now. */
export function releaseMicrophone({ microphone }: Gesture): void {
  microphone?.then((stream) => stream.getTracks().forEach((track) => track.stop()), () => {});
}

/** Lets go of microphone and sound. */
export function release(gesture: Gesture): void {
  const { audio, audioContext } = gesture;
  releaseMicrophone(gesture);
  audio.pause();
  audio.srcObject = null;
  if (audioContext.state !== "closed") audioContext.close().catch(() => {});
}

/**
 * @param error what `getUserMedia` rejected with.
 * @returns `mic_denied` where the visitor said no and can say yes again; `mic_blocked` where that is not in the
 *   page's power (a frame without `allow`, a Permissions-Policy, the operating system); `mic_missing`; `mic_busy`.
 */
function codeOf(error: unknown): BrowserCode {
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
  const { permissionsPolicy, featurePolicy } = document as Document & {
    permissionsPolicy?: Policy;
    featurePolicy?: Policy;
  };
  return (permissionsPolicy ?? featurePolicy)?.allowsFeature("microphone") ?? true;
}
