/** Keeps the screen on, and takes sound up again that a lock screen or a telephone call has stopped. */

import { effect, signal } from "@preact/signals";

import * as call from "../call/call";
import * as model from "../call/model";
import { whileLive } from "./live";

/** Sound was stopped from outside, and only a tap brings it back. */
export const interrupted = signal(false);

/** Milliseconds. */
const EVERY = 1_000;
/** A microphone that the system has closed for a telephone call opens by itself a moment after that. */
const MICROPHONE_RETURNS_WITHIN = 2_000;

whileLive(() => {
  let lock: WakeLockSentinel | undefined;
  let over = false;

  const stayAwake = async () => {
    if (document.hidden || (lock && !lock.released)) return;
    try {
      const got = await navigator.wakeLock.request("screen");
      if (over) await got.release();
      else lock = got;
    } catch {
      // The battery is low, a policy is against it, or the browser is older.
    }
  };

  const returned = () => {
    if (document.hidden) return;
    void stayAwake();
    void look();
  };

  let heard = false;
  let closedAt = 0;
  const look = async () => {
    const sound = call.sound();
    if (!sound || document.hidden) return;
    const { audio, audioContext, microphone } = sound;
    if (!stopped(sound)) {
      heard ||= audioContext.state === "running";
      interrupted.value = false;
    } else if (model.soundBlocked.peek()) {
      // That has a button of its own, which helps here, too.
      interrupted.value = false;
    } else if (heard) {
      await resume();
      interrupted.value = stopped({ audio, audioContext }) && !model.soundBlocked.peek();
    }
    const track = microphone?.mediaStreamTrack;
    if (!track?.muted || model.muted.peek()) closedAt = 0;
    else if (!closedAt) closedAt = performance.now();
    else if (performance.now() - closedAt > MICROPHONE_RETURNS_WITHIN) {
      closedAt = 0;
      await microphone?.restartTrack().catch(() => {});
    }
  };

  // The button that brings the sound back goes when it has done so; the keyboard stays.
  const stay = effect(() => {
    const root = model.home.value?.shadowRoot;
    if (interrupted.value || model.soundBlocked.value || !root?.activeElement?.matches(".sound")) return;
    root.querySelector<HTMLElement>(".panel, .expand")?.focus({ preventScroll: true });
  });

  void stayAwake();
  const { audioContext } = call.sound() ?? {};
  const timer = setInterval(() => void look(), EVERY);
  document.addEventListener("visibilitychange", returned);
  addEventListener("pageshow", returned);
  audioContext?.addEventListener("statechange", look);
  return () => {
    over = true;
    stay();
    clearInterval(timer);
    document.removeEventListener("visibilitychange", returned);
    removeEventListener("pageshow", returned);
    audioContext?.removeEventListener("statechange", look);
    interrupted.value = false;
    void lock?.release().catch(() => {});
  };
});

/** Inside a tap this always helps. */
export async function resume(): Promise<void> {
  const patience = new Promise((resolve) => setTimeout(resolve, EVERY));
  // An AudioContext that may not run yet answers only when it may.
  await Promise.race([call.playSound().catch(() => {}), patience]);
}

export async function goOn(): Promise<void> {
  await resume();
  const sound = call.sound();
  interrupted.value = !!sound && stopped(sound);
}

function stopped({ audio, audioContext }: { audio: HTMLAudioElement; audioContext: AudioContext }): boolean {
  const { state } = audioContext;
  return (state !== "running" && state !== "closed") || (audio.paused && !!audio.srcObject);
}
