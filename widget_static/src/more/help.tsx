/** How to mend a failure, in picture and words, for the browser at hand. Where that can't be told: nothing. */

import { signal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";

import * as model from "../call/model";
import { lookOf } from "../panel/look";
import { text } from "../panel/texts";
import { type Browser, browser } from "./browser";
import { Copy } from "./copy";
import type { HelpProps } from "./slots";

const STEPS: Readonly<Partial<Record<Browser, readonly string[]>>> = {
  chrome: ["help_chrome_1", "help_chrome_2", "help_again"],
  android: ["help_android_1", "help_android_2", "help_again"],
  safari: ["help_safari_1", "help_allow", "help_again"],
  ios: ["help_ios_1", "help_allow", "help_again"],
  firefox: ["help_firefox_1", "help_firefox_2", "help_again"],
};

/** What an app that keeps the microphone to itself may be behind. */
const IN_APP = new Set(["mic_denied", "mic_blocked", "unsupported"]);

/** The visitor has allowed the microphone in the browser's settings meanwhile. */
const allowed = signal(false);

/** Whether there is better to say than the sentence for all browsers. */
export function helps(code: string): boolean {
  const here = browser();
  return here === "in_app" ? IN_APP.has(code) && !!text("in_app_help") : code === "mic_denied" && here in STEPS && !!text("help_again");
}

export function Help({ widget }: HelpProps): VNode | null {
  const address = useRef<HTMLSpanElement>(null);
  const code = model.problem.value?.code ?? "";
  useEffect(() => (code === "mic_denied" ? watch() : undefined), [code]);
  if (!helps(code)) return null;
  const here = browser();
  const steps = STEPS[here];
  if (!steps) {
    return (
      <div class="mend">
        <p>{text("in_app_help")}</p>
        <span ref={address} class="address" dir="ltr">{location.href}</span>
        <Copy label={text("copy_link")} content={() => location.href} shown={() => address.current} />
      </div>
    );
  }
  if (allowed.value) return <p class="mend good" role="status">{text("help_allowed")}</p>;
  return (
    <div class="mend">
      <Picture of={here} mirrored={lookOf(widget).direction === "rtl"} />
      <ol class="steps">
        {steps.map((key) => <li key={key}>{text(key, { retry: text("retry") })}</li>)}
      </ol>
    </div>
  );
}

/** Firefox and Safari don't tell of a microphone's permission, or not when it changes: there the steps stay. */
function watch(): () => void {
  let status: PermissionStatus | undefined;
  let over = false;
  const look = () => (allowed.value = status?.state === "granted");
  navigator.permissions?.query({ name: "microphone" as PermissionName }).then(
    (got) => {
      if (over) return;
      status = got;
      status.addEventListener("change", look);
    },
    () => {},
  );
  return () => {
    over = true;
    allowed.value = false;
    status?.removeEventListener("change", look);
  };
}

/** The top of a browser, and in it the place to look at. */
function Picture({ of, mirrored }: { of: Browser; mirrored: boolean }): VNode {
  const phone = of === "ios" || of === "android";
  const [x, width] = phone ? [60, 120] : [4, 232];
  const menu = of === "safari";
  const at = menu ? 30 : x + (phone ? 24 : 76);
  return (
    <svg class="picture-help" viewBox="0 0 240 74" aria-hidden="true" {...(mirrored && { style: "transform:scaleX(-1)" })}>
      <path class="paper" d={`M${x} 74V16a12 12 0 0 1 12-12h${width - 24}a12 12 0 0 1 12 12v58`} />
      {menu
        ? <path class="faint" d="M62 19h26m12 0h20m12 0h24" />
        : !phone && <path class="faint" d="M20 27h8m8 0h8m8 0h4" />}
      {menu
        ? <path class="strong" d="M21 19h18" />
        : <rect class="field" x={phone ? 70 : 64} y="14" width={phone ? 100 : 160} height="26" rx="13" />}
      {menu && <rect class="field" x="64" y="34" width="112" height="22" rx="11" />}
      {!menu && <path class="faint" d={`M${at + 20} 27h${phone ? 48 : 84}`} />}
      {!menu && of !== "firefox" && <path class="strong" d={`M${at - 5} 24.5h5m4 0h1m-10 5h1m4 0h5M${at + 2} 22.5v4M${at - 2} 27.5v4`} />}
      {of === "firefox" && (
        <path class="strong" d={`M${at - 2} 27v-4a2 2 0 0 1 4 0v4a2 2 0 0 1-4 0ZM${at - 4.5} 27a4.5 4.5 0 0 0 9 0M${at} 31.5v2M${at - 6} 21l12 12`} />
      )}
      <circle class="ring-help" cx={at} cy={menu ? 19 : 27} r={menu ? 15 : 13} />
    </svg>
  );
}
