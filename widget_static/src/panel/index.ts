/** What the loader calls. Names and arguments are those of `PanelModule`. */

import { effect, untracked } from "@preact/signals";

import * as call from "../call/call";
import * as model from "../call/model";
// The element itself is only half there until now.
import { install } from "../loader/late";
import { within } from "../loader/within";
import type { Gesture, PanelModule, Problem, RoomModule, Widget } from "../types";
import * as home from "./home";
import * as itself from "./index";
import { lookOf } from "./look";
import { fetchMore } from "./more";
import { speak } from "./texts";
import { view } from "./view";

export { mute, registerTool, sendText, setMetadata, write } from "../call/call";
export { attached, detached } from "./home";

/** The element whose call is running. */
export let running: Widget | null = null;

effect(() => {
  running = model.busy() ? model.home.value : null;
  // After `vaani-call-end`, which comes in the same breath.
  if (!running) queueMicrotask(callOver);
});

// Another language has been chosen. The panel speaks the old one until the new one has come.
effect(() => {
  const widget = model.home.value;
  const language = widget && lookOf(widget).language;
  if (language && view.peek().shape) speak(language).catch(() => {});
});

// Not while a voice is on its way, which needs what the machine has: until it speaks, or for a second.
effect(() => {
  const due = model.written.value || !/^(con|wai|lis)/.test(model.state.value);
  if ((due && view.value.shape) || model.seconds.value) fetchMore();
});

/** The card came only because the call needed the visitor. */
let raised = false;

effect(() => {
  const asks = !!model.terms.value;
  // Who draws a call otherwise has no way to play its sound.
  const needs = asks || model.soundBlocked.value;
  untracked(() => {
    const widget = model.home.peek();
    const { shape } = view.peek();
    if (!widget || !shape) return;
    if (shape === "unseen" ? needs : shape === "small" && asks) {
      raised = true;
      home.show(widget);
    } else if (raised && !needs && shape === "open" && running) {
      raised = false;
      home.show(widget, home.first(widget));
    }
  });
});

/**
 * A visitor who hung up from the bar, or before anybody answered, is done, unless the site asks how it was; any other end
 * is worth a word.
 */
function callOver(): void {
  const widget = model.home.peek();
  const { shape } = view.peek();
  if (running || !widget || !shape) return;
  const joined = model.joined.peek();
  const done = model.reason.peek() === "visitor" && (!joined || (shape === "small" && !widget.options.feedback));
  if (done || (shape === "unseen" && model.state.peek() !== "failed")) home.hide();
  else if (shape !== "open") home.show(widget);
}

export async function open(widget: Widget): Promise<void> {
  await speak(widget.spoken);
  if (!running && (model.home.peek() !== widget || !view.peek().shape)) take(widget);
  // What brings a call forward brings the keyboard along, as the click that began it did.
  home.show(running ?? widget, "open", !!running);
}

export function close(): void {
  if (running) home.show(running, home.small(running));
  else home.hide();
}

export async function start(widget: Widget, gesture: Gesture, room: Promise<RoomModule>): Promise<void> {
  if (!running) take(widget);
  const seen = view.peek();
  const texts = speak(widget.spoken);
  // Drawing takes as long as a step of the call: it is done while somebody else is waited for.
  const lull = new Promise<void>((done) => {
    let timer: ReturnType<typeof setTimeout>;
    gesture.hold = (milliseconds) => {
      clearTimeout(timer);
      timer = setTimeout(done, milliseconds);
    };
    gesture.hold(120);
    if (seen.shape) done(); // it is drawn already
  });
  // A call without words could neither be understood nor ended: nothing is spent before they are there.
  const joined = call.start(widget, gesture, Promise.all([room, texts]).then(([module]) => module));
  Promise.all([texts.catch((problem: Problem) => call.fail(problem)), lull])
    .then(() => {
      const shown = model.home.peek()!;
      // Unless somebody has opened or closed it meanwhile.
      if (view.peek() === seen) {
        const shape = home.first(shown);
        raised = !!model.terms.peek() || (shape === "unseen" && model.soundBlocked.peek());
        home.show(shown, raised ? "open" : shape, true);
      }
      // It may have left the page before there was anything to float.
      if (!shown.isConnected) home.detached(shown);
      callOver();
    });
  return joined;
}

export async function fail(widget: Widget, problem: Problem): Promise<void> {
  if (running) return home.show(running);
  take(widget);
  model.problem.value = problem;
  widget.emit("vaani-error", { code: problem.code, fatal: true });
  model.change("failed");
  await speak(widget.spoken).catch(() => {});
  home.show(widget, "open", true);
}

/** The panel is this element's from now on, and knows nothing of an earlier call. */
function take(widget: Widget): void {
  const last = model.home.peek();
  if (last !== widget) {
    home.hide();
    // Of a call that was over before it was drawn.
    last?.face("idle");
  }
  model.reset();
  model.home.value = widget;
  model.site.value = widget.siteInfo;
}

export async function end(): Promise<void> {
  call.end();
}

/** A question mark for every failure: some browsers remember a failed import, and a silent one never ends. */
let again = "";

/** LiveKit, where no loader has fetched it. Given up when the loader would. */
export function fetchRoom(): Promise<RoomModule> {
  const address = `./${__LIVEKIT__}${again}`;
  return within(30_000, import(address).catch(() => import(address + "?"))).catch((error) => {
    again += "?";
    throw error;
  });
}

/** The page's one panel: this one, unless another copy of it has come before. */
export const first: PanelModule = install(itself);
