/** Whether anything at all comes from an open microphone. */

import { signal } from "@preact/signals";

import * as call from "../call/call";
import * as model from "../call/model";
import { note } from "./devices";
import { whileLive } from "./live";

/** The microphone is open, and nothing comes from it. */
export const unheard = signal(false);

/**
 * Of full scale, root mean square. Measured behind Chromium's own noise suppression: a recording room of -80 dBFS
 * is 4e-5, one step of a 16-bit converter 2e-5, a microphone that is switched off 0.
 */
const SILENT = 1e-5;
/** Seconds of silence while the agent listens. A gate that opens at a voice is silent, too, once that has spoken. */
const NEVER_HEARD = 6;
const ONCE_HEARD = 20;
/** Milliseconds between two looks; some 170 ms are looked at. */
const EVERY = 250;

whileLive(() => {
  const sound = call.sound();
  if (!sound?.microphone) return () => {};
  const { audioContext, microphone } = sound;
  const analyser = new AnalyserNode(audioContext, { fftSize: 8192 });
  const samples = new Float32Array(analyser.fftSize);
  let track: MediaStreamTrack | undefined;
  let source: MediaStreamAudioSourceNode | undefined;
  let silent = 0;
  let enough = NEVER_HEARD;
  let before = performance.now();

  const follow = () => {
    track = microphone.mediaStreamTrack;
    source?.disconnect();
    source = undefined;
    silent = 0;
    enough = NEVER_HEARD;
    note();
    try {
      source = audioContext.createMediaStreamSource(new MediaStream([track]));
      source.connect(analyser);
    } catch {
      // Nothing is said of what can't be measured.
    }
  };

  const look = () => {
    const now = performance.now();
    // A page that slept has not listened.
    const passed = Math.min(now - before, 4 * EVERY) / 1000;
    before = now;
    if (microphone.mediaStreamTrack !== track) return follow();
    if (!source || audioContext.state !== "running") return;
    if (model.muted.peek()) {
      silent = 0;
    } else if (loudness(analyser, samples) > SILENT) {
      silent = 0;
      enough = ONCE_HEARD;
    } else if (model.state.peek() === "listening") {
      silent += passed;
    }
    unheard.value = silent >= enough;
  };

  const timer = setInterval(look, EVERY);
  return () => {
    clearInterval(timer);
    source?.disconnect();
    unheard.value = false;
  };
});

function loudness(analyser: AnalyserNode, samples: Float32Array<ArrayBuffer>): number {
  analyser.getFloatTimeDomainData(samples);
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}
