/** What has to be begun inside the click itself, so that the browser allows it. */

import { handled } from "./common";

/** Whether no call can be had here, whatever the visitor answers: no secure context, a file, an old browser. */
export const hopeless = (): boolean => !navigator.mediaDevices || !window.RTCPeerConnection || /^file/.test(location.href);

export function begin() {
  const audioContext = new AudioContext();
  // An element that has played inside a click, be it silence, may play the agent's voice later.
  const audio = new Audio();
  audio.setAttribute("playsinline", "");
  audio.srcObject = audioContext.createMediaStreamDestination().stream;
  // Browsers cancel echo and noise unless told not to.
  const microphone = navigator.mediaDevices.getUserMedia({ audio: true });
  handled(audio.play(), microphone);
  return { microphone, audioContext, audio };
}
