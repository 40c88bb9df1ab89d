/** What takes long the first time, done while the visitor still points. */

import { Room } from "livekit-client";

type Options = Parameters<Room["engine"]["join"]>[2];

/**
 * A join that was given up before it began gets as far as the offer: the browser has started its threads and looked up
 * codecs, some 40 ms, and has read that much of livekit-client. A description that is not set looks for no way, so
 * nothing is asked of anybody.
 */
export async function warm(): Promise<void> {
  const { engine } = new Room();
  try {
    // No device is opened, nobody is asked; but the browser's process for sound is there when one is.
    navigator.mediaDevices.enumerateDevices().catch(() => {});
    // Which way a language is written is looked up in tables that are read now.
    new Intl.Locale(navigator.language).maximize();
    await engine.join("", "", {} as Options, AbortSignal.abort());
  } catch {
    // The call will say what is wrong.
  }
  await engine.cleanupPeerConnections();
}
