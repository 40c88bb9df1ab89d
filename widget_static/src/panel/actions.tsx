/** The buttons of each state. Each set has a key, so that it is made anew and does not take the last one's clicks. */

import type { VNode } from "preact";

import { end, mute } from "../call/call";
import * as model from "../call/model";
import type { Widget } from "../types";
import { worthRetrying } from "./failures";
import { Icon } from "./icons";
import { lookOf } from "./look";
import { more } from "./more";
import { Slot } from "./slot";
import { text } from "./texts";

type IconName = Parameters<typeof Icon>[0]["name"];

export function Actions({ widget, hide }: { widget: Widget; hide(): void }): VNode {
  const state = model.state.value;
  // Inside the click, so that the browser allows microphone and sound; what goes wrong is shown here anyway.
  const start = () => void widget.start().catch(() => {});
  const begin = (key: string) => (
    <button key={key} type="button" class="press primary" onClick={start}>{text(key)}</button>
  );
  const close = <button key="close" type="button" class="press" onClick={hide}>{text("close")}</button>;
  const instead = <Slot of="Instead" widget={widget} />;
  const dismissal = <Slot of="Dismissal" widget={widget} />;
  const terms = model.terms.value;
  if (terms) {
    return (
      <div key="terms" class="actions">
        <button key="not_now" type="button" class="press" onClick={() => terms.answer(false)}>{text("not_now")}</button>
        <button key="agree" type="button" class="press primary" onClick={() => terms.answer(true)}>{text(terms.text ? "agree" : "here") || text("start")}</button>
      </div>
    );
  }
  switch (state) {
    case "idle":
      return <div key={state} class="actions">{begin("start")}{instead}{dismissal}</div>;
    case "ended":
      return <div key={state} class="actions">{close}{begin("again")}{instead}{dismissal}</div>;
    case "failed": {
      const problem = model.problem.value;
      const retry = !!problem && worthRetrying(problem) && !more.value?.inVain(problem.code);
      return (
        <div key={state} class="actions">
          {close}
          {retry && begin("retry")}
          {instead}
          <Fallback url={lookOf(widget).options.fallbackUrl} primary={!retry} />
          {dismissal}
        </div>
      );
    }
    case "asking":
    case "connecting":
      return (
        <div key="begin" class="actions">
          <button key="cancel" type="button" class="press" onClick={() => end()}>{text("cancel")}</button>
          {instead}
        </div>
      );
    default:
      return (
        <div key="call" class="actions">
          {model.written.value ? <Slot of="Sound" widget={widget} /> : <MuteButton />}
          <Slot of="Devices" widget={widget} />
          <button key="end" type="button" class="press red" onClick={() => end()}>
            <Icon name="hangup" />
            {text("end")}
          </button>
        </div>
      );
  }
}

export function MuteButton({ bare = false }: { bare?: boolean }): VNode {
  const muted = model.muted.value;
  const label = text(muted ? "unmute" : "mute");
  return (
    <button
      key="mute"
      type="button"
      class={`${bare ? "icon-button" : "press"} mute ${muted ? "off" : ""}`}
      {...(bare && { "aria-label": label })}
      aria-keyshortcuts="m"
      onClick={() => mute(!muted)}
    >
      <Icon name={muted ? "muted" : "microphone"} />
      {!bare && <span class="meter" aria-hidden="true"><i /><i /><i /><i /></span>}
      {!bare && label}
    </button>
  );
}

interface IconButtonProps {
  icon: IconName;
  label: string;
  class?: string;
  onClick(): void;
}

export function IconButton({ icon, label, class: extra = "", onClick }: IconButtonProps): VNode {
  return (
    <button key={icon} type="button" class={`icon-button ${extra}`} aria-label={label} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

/** The owner's other way: a page, `tel:` or `mailto:`. Never a script. */
function Fallback({ url, primary }: { url: unknown; primary: boolean }): VNode | null {
  if (typeof url !== "string" || !url) return null;
  const link = document.createElement("a");
  link.href = url;
  if (!/^(https?|tel|mailto):$/.test(link.protocol)) return null;
  return <a key="fallback" class={`press ${primary ? "primary" : "wide"}`} href={link.href}>{text("fallback")}</a>;
}
