/** Which microphone and which speaker: what there is, what is used, what the visitor has chosen. */

import { batch, signal } from "@preact/signals";

import * as call from "../call/call";
import * as model from "../call/model";
import { chosen, choose, matches } from "./devices-choice";
import { whileLive } from "./live";

export type Kind = "audioinput" | "audiooutput";

/** What the browser calls whatever the system uses. */
const DEFAULT = "default";
/** Milliseconds. What a device that goes away takes with it is not all told in the same breath. */
const SETTLES = 400;
/** Milliseconds for which a device that was taken up unasked is named. */
const NAMED = 5_000;
const HEADSET = /head(set|phone)|\bear|pods|buds|hands.?free/i;

export const devices = signal<readonly MediaDeviceInfo[]>([]);
/** The ids of what is used. */
export const used = signal<Readonly<Record<Kind, string>>>({ audioinput: "", audiooutput: "" });
/** The name of a device that was taken up without being asked for, while that is news. */
export const taken = signal("");

let settling = 0;
let naming = 0;

whileLive(() => {
  if (!navigator.mediaDevices?.enumerateDevices) return () => {};
  const { mediaDevices } = navigator;
  const changed = () => {
    clearTimeout(settling);
    settling = window.setTimeout(() => void look(), SETTLES);
  };
  mediaDevices.addEventListener("devicechange", changed);
  void look();
  return () => {
    mediaDevices.removeEventListener("devicechange", changed);
    clearTimeout(settling);
    clearTimeout(naming);
    batch(() => {
      devices.value = [];
      taken.value = "";
    });
  };
});

/** Speakers can be chosen where the browser can be told so. */
export const speakersChosen = "setSinkId" in HTMLMediaElement.prototype;

/** The devices of a kind that make a choice: `communications` is one of the others once more, and a name tells what it is. */
export function listed(kind: Kind): MediaDeviceInfo[] {
  return devices.value.filter((device) => device.kind === kind && device.deviceId && device.deviceId !== "communications");
}

/** "Headset (046d:0a45)" is a headset. */
export const nameOf = ({ label }: MediaDeviceInfo): string => label.replace(/ \([0-9a-f]{4}:[0-9a-f]{4}\)$/, "");

/** The visitor has chosen, for this call and those to come. */
export async function pick(kind: Kind, id: string): Promise<void> {
  const device = devices.peek().find((other) => other.kind === kind && other.deviceId === id);
  if (!device) return;
  choose(kind, id === DEFAULT ? null : device);
  await use(kind, id);
}

/** Says which devices are used now, as far as the browser tells. */
export function note(): void {
  const sound = call.sound();
  if (!sound) return;
  const { microphone, audio } = sound;
  used.value = {
    audioinput: microphone?.mediaStreamTrack.getSettings().deviceId ?? "",
    audiooutput: audio.sinkId || DEFAULT,
  };
}

async function look(): Promise<void> {
  const before = devices.peek();
  const now = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  if (!call.sound() || !model.busy()) return;
  devices.value = now;
  note();
  await followMicrophone(before, now);
  await followSpeaker(before, now);
}

/** A choice of the visitor's counts as soon as it is there; else a headset that was just plugged in. */
async function followMicrophone(before: readonly MediaDeviceInfo[], now: readonly MediaDeviceInfo[]): Promise<void> {
  const microphone = call.sound()?.microphone;
  if (!microphone) return;
  const inputs = now.filter(({ kind }) => kind === "audioinput");
  const { audioinput } = used.peek();
  const wish = inputs.find((device) => matches(device, chosen("audioinput")));
  const first = !before.length;
  if (wish) {
    if (wish.deviceId === audioinput && !model.microphoneLost.peek()) return;
    // At the start of a call this is nothing new, and what the visitor chose in this call stays.
    await use("audioinput", wish.deviceId, !first);
  } else {
    const headset = !first && inputs.find((device) => isNew(device, before) && isHeadset(device, now));
    const gone = !inputs.some(({ deviceId }) => deviceId === audioinput);
    if (headset) await use("audioinput", headset.deviceId, true);
    else if (inputs[0] && (model.microphoneLost.peek() || gone)) await use("audioinput", inputs[0].deviceId, !first);
    else if (audioinput === DEFAULT && moved("audioinput", before, now)) await microphone.restartTrack().catch(() => {});
  }
  // Whoever did not mute need not unmute.
  if (model.microphoneLost.peek() && inputs.length) call.mute(false);
}

async function followSpeaker(before: readonly MediaDeviceInfo[], now: readonly MediaDeviceInfo[]): Promise<void> {
  const outputs = now.filter(({ kind }) => kind === "audiooutput");
  if (!speakersChosen || !outputs.length) return;
  const { audioinput, audiooutput } = used.peek();
  const wish = outputs.find((device) => matches(device, chosen("audiooutput")));
  // The ear of the headset whose microphone has just been taken up.
  const group = before.length && now.find(({ deviceId, kind }) => kind === "audioinput" && deviceId === audioinput)?.groupId;
  const ear = group && outputs.find((device) => device.groupId === group && isNew(device, before));
  const next = wish ?? (ear || (outputs.some(({ deviceId }) => deviceId === audiooutput) ? null : { deviceId: "" }));
  if (next && next.deviceId !== audiooutput) await use("audiooutput", next.deviceId);
}

const isNew = (device: MediaDeviceInfo, before: readonly MediaDeviceInfo[]) =>
  device.deviceId !== DEFAULT && !before.some(({ kind, deviceId }) => kind === device.kind && deviceId === device.deviceId);

const isHeadset = ({ label, groupId }: MediaDeviceInfo, now: readonly MediaDeviceInfo[]) =>
  HEADSET.test(label) || now.some((other) => other.kind === "audiooutput" && other.groupId === groupId);

/** Whether the system means another device by its default now: some browsers stay with the old one. */
function moved(kind: Kind, before: readonly MediaDeviceInfo[], now: readonly MediaDeviceInfo[]): boolean {
  const [old, today] = [before, now].map((all) => all.find((device) => device.kind === kind && device.deviceId === DEFAULT));
  return !!old && !!today && (old.label !== today.label || old.groupId !== today.groupId);
}

/** @param unasked nobody has asked for it, so it is named. */
async function use(kind: Kind, id: string, unasked = false): Promise<void> {
  const sound = call.sound();
  if (!sound) return;
  if (kind === "audiooutput") await sound.audio.setSinkId(id).catch(() => {});
  else if (sound.microphone) {
    const { microphone } = sound;
    try {
      // Only Chromium knows a device of this name; a mere wish for another it passes over.
      await microphone.setDeviceId(id === DEFAULT ? id : { exact: id });
    } catch {
      // Another app has it, or it went at the same moment: any other is better than none.
      await microphone.setDeviceId(DEFAULT).catch(() => {
        call.mute(true);
        model.microphoneLost.value = true;
      });
    }
  }
  note();
  // A closed microphone is taken up when it is opened.
  if (kind === "audioinput" && sound.microphone?.isMuted) used.value = { ...used.peek(), audioinput: id };
  const device = devices.peek().find((other) => other.kind === kind && other.deviceId === used.peek()[kind]);
  if (!unasked || !device || device.deviceId === DEFAULT) return;
  taken.value = nameOf(device);
  clearTimeout(naming);
  naming = window.setTimeout(() => (taken.value = ""), NAMED);
}
