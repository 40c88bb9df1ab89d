/** What has to be begun inside the click itself, so that the browser allows it. */

import { handled } from "./common";

/**
 * Whether no call can be had here, whatever the visitor answers: no secure context, an old browser, a file, a server
 * that a secure page may not ask. This machine's own may be insecure (`localhost`, `127…`, `[…`), and is told by how
 * it begins: a host that only looks like it is refused by the browser.
 */
export const hopeless = (api: string): boolean =>
  !navigator.mediaDevices || !window.RTCPeerConnection || /^(file|https:http:..(?!localhost|127|\[))/.test(location.protocol + api);

/** @param consent What the site is known to ask for: the microphone waits for it. */
export function begin(consent: unknown) {
  // Browsers cancel echo and noise unless told not to. First, as it takes longest.
  const microphone = consent ? undefined : navigator.mediaDevices.getUserMedia({ audio: true });
  const audioContext = new AudioContext();
  // An element that has played inside a click, be it silence, may play the agent's voice later.
  const audio = new Audio();
  audio.setAttribute("playsinline", "");
  audio.srcObject = audioContext.createMediaStreamDestination().stream;
  handled(audio.play(), microphone);
  return { microphone, audioContext, audio };
}
