/** The letter M mutes and unmutes, only while the keyboard is inside the panel or the bar. */

import { effect, signal } from "@preact/signals";

import * as call from "../call/call";
import * as model from "../call/model";
import { whileLive } from "./live";

/** The key of the text that says what a press has done: no button has it, whose name would. */
export const pressed = signal("");

whileLive(() => {
  pressed.value = "";
  return effect(() => {
    // The call may move to another element.
    const stage = model.home.value?.stage;
    stage?.addEventListener("keydown", press);
    return () => stage?.removeEventListener("keydown", press);
  });
});

function press(event: KeyboardEvent): void {
  const { key, code, target } = event;
  // On a keyboard of another script the key at that place.
  const meant = /^m$/i.test(key) || (code === "KeyM" && key > "\x7f");
  const other = event.repeat || event.isComposing || event.ctrlKey || event.altKey || event.metaKey;
  // In a list of devices a letter chooses one.
  if (!meant || other || model.written.peek() || (target as Element).matches("input, textarea, select")) return;
  // The page may have shortcuts.
  event.stopPropagation();
  const muted = !model.muted.peek();
  call.mute(muted);
  pressed.value = muted ? "state_muted" : "state_listening";
}
