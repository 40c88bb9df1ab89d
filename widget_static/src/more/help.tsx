/** How to mend a failure, in picture and words, for the browser at hand. Where that can't be told: nothing. */

import { signal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";

import * as model from "../call/model";
import { lookOf } from "../panel/look";
import { text } from "../panel/texts";
import { type Browser, browser, system } from "./browser";
import { type Cause, causeOf, forbidden, framed } from "./cause";
import { Copy } from "./copy";
import { Picture } from "./picture";
import type { HelpProps } from "./slots";

/** Where each browser keeps what it remembers of a page. */
const IN_BROWSER: Readonly<Partial<Record<Browser, readonly string[]>>> = {
  chrome: ["help_chrome_1", "help_chrome_2", "help_again"],
  android: ["help_android_1", "help_android_2", "help_again"],
  safari: ["help_safari_1", "help_allow", "help_again"],
  ios: ["help_ios_1", "help_allow", "help_again"],
  firefox: ["help_firefox_1", "help_firefox_2", "help_again"],
};

/** Where each system keeps the microphone from a browser. */
const IN_SYSTEM: Readonly<Record<string, readonly string[]>> = {
  windows: ["help_windows_1", "help_system_2", "help_again"],
  mac: ["help_mac_1", "help_mac_2"],
  phone: ["help_phone_1", "help_system_2", "help_again"],
};

/** Else one sentence. */
const SENTENCES: Readonly<Partial<Record<Cause, string>>> = {
  in_app: "in_app_help",
  frame: "frame_help",
  policy: "policy_help",
  system: "mic_blocked_help",
  missing: "mic_missing_help",
  busy: "mic_busy_help",
  plain: "insecure_context_help",
  file: "file_help",
  mixed: "misconfigured_help",
  old: "unsupported_help",
};

/** Milliseconds between two looks for a microphone. */
const EVERY = 1_500;

/** What stood in the way is gone: the text that says so. */
const mended = signal("");

function stepsOf(cause: Cause): readonly string[] | undefined {
  return cause === "denied" ? IN_BROWSER[browser()] : cause === "system" ? IN_SYSTEM[system()] : undefined;
}

/** Whether there is better to say than the sentence for all browsers. */
export function helps(code: string): boolean {
  const cause = causeOf(code);
  return !!text("help_again") && (!!stepsOf(cause) || cause in SENTENCES);
}

export function Help({ widget }: HelpProps): VNode | null {
  const address = useRef<HTMLSpanElement>(null);
  const code = model.problem.value?.code ?? "";
  const cause = causeOf(code);
  useEffect(() => (cause === "denied" ? permission() : cause === "missing" ? device() : undefined), [cause]);
  if (!helps(code)) return null;
  if (mended.value) return <p class="mend good" role="status">{text(mended.value)}</p>;
  const steps = stepsOf(cause);
  const elsewhere = cause === "in_app" || cause === "old";
  // Where the browser does not tell of a frame, it may be one that may not ask.
  const alone = framed() && (cause === "frame" || (cause === "denied" && forbidden() === undefined));
  return (
    <div class="mend">
      <Picture of={cause === "denied" ? browser() : cause} mirrored={lookOf(widget).direction === "rtl"} />
      {steps
        ? <ol class="steps">{steps.map((key) => <li key={key}>{text(key, { retry: text("retry") })}</li>)}</ol>
        : <p>{text(SENTENCES[cause]!)}</p>}
      {elsewhere && <span ref={address} class="address" dir="ltr">{location.href}</span>}
      {elsewhere && <Copy label={text("copy_link")} content={() => location.href} shown={() => address.current} />}
      {alone && <a class="press primary" href={location.href} target="_blank" rel="noopener">{text("open_window")}</a>}
      {cause === "plain" && <a class="press primary" href={`https:${location.href.slice(5)}`} target="_top">{text("open_secure")}</a>}
    </div>
  );
}

/** Firefox and Safari don't tell of a microphone's permission, or not when it changes: there the steps stay. */
function permission(): () => void {
  const over = new AbortController();
  navigator.permissions?.query({ name: "microphone" as PermissionName }).then(
    (status) => {
      status.addEventListener("change", () => (mended.value = status.state === "granted" ? "help_allowed" : ""), over);
    },
    () => {},
  );
  return () => stop(over);
}

/** One more microphone than there were: it has been plugged in. */
function device(): () => void {
  const over = new AbortController();
  const { mediaDevices } = navigator;
  const count = async () => (await mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "audioinput").length;
  const before = count();
  const look = async () => {
    const more = (await count()) > (await before);
    if (!over.signal.aborted) mended.value = more ? "help_there" : "";
  };
  // A browser that has opened no device does not always tell of a change.
  const timer = setInterval(() => void look().catch(() => {}), EVERY);
  before.catch(() => {});
  return () => {
    clearInterval(timer);
    stop(over);
  };
}

function stop(over: AbortController): void {
  over.abort();
  mended.value = "";
}
