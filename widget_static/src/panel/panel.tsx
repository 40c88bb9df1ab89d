/** The panel: a dialog beside the page, or the bar it shrinks to. */

import type { ComponentChildren, VNode } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

import { end, playSound } from "../call/call";
import * as model from "../call/model";
import type { State, Widget } from "../types";
import { Actions, IconButton, MuteButton } from "./actions";
import { sentence, signOf, when } from "./failures";
import { Icon } from "./icons";
import { small } from "./home";
import { lookOf } from "./look";
import { more } from "./more";
import { Orb, useLevels } from "./orb";
import { Slot } from "./slot";
import { Terms } from "./terms";
import { name, text } from "./texts";
import { Transcript } from "./transcript";
import { type Shape, view } from "./view";
import { covers, useInside } from "./whole";

export interface PanelProps {
  widget: Widget;
  show(widget: Widget, shape?: Shape): void;
  hide(): void;
}

export function Panel(props: PanelProps): VNode | null {
  const { shape } = view.value;
  return shape === "open" ? <Card {...props} /> : shape === "small" ? <Bar {...props} /> : null;
}

function Card({ widget, show, hide }: PanelProps): VNode {
  const root = useRef<HTMLDivElement>(null);
  const state = model.state.value;
  const { options, language, direction, dark } = lookOf(widget);
  // Who types has nothing else to read.
  const talks = model.lines.value.length > 0 && (options.transcript !== false || model.written.value);
  const failed = state === "failed";
  const terms = model.terms.value;
  const whole = covers(options);
  const shrink = () => (model.busy() ? show(widget, small(widget)) : hide());
  useFocus(root, `${state} ${!!terms}`);
  useInside(root, widget, whole);
  useLevels(root);
  return (
    <div
      ref={root}
      class={`panel ${dark ? "dark" : ""} ${whole ? "whole" : ""} ${talks || failed || terms ? "" : "hero"}`}
      part="panel"
      role="dialog"
      aria-modal={whole || undefined}
      aria-label={text("dialog", { name: name() })}
      tabIndex={-1}
      lang={language}
      dir={direction}
      data-state={state}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.defaultPrevented) return;
        event.stopPropagation();
        shrink();
      }}
    >
      <div class="corner">
        {model.busy()
          ? <IconButton icon="small" label={text("minimize")} onClick={shrink} />
          : <IconButton icon="close" label={text("close")} onClick={shrink} />}
      </div>
      {failed ? <Failure widget={widget} language={language} /> : <Head avatar={options.avatar} />}
      {state === "asking" && !terms && model.prompting.value && <p class="hint">{text("ask_hint")}</p>}
      {!failed && state !== "ended" && <p class="ai">{text("ai_notice")}</p>}
      {terms && <Terms text={terms.text ?? (text("elsewhere") || text("token_spent_help"))} label={text("state_consent")} />}
      {state === "reconnecting" && <Notice>{text("reconnecting")}</Notice>}
      {model.microphoneLost.value && <Notice>{text("microphone_lost")}</Notice>}
      {model.joined.value && model.busy() && <Slot of="Notices" widget={widget} />}
      {talks && <Transcript />}
      {model.joined.value && model.busy() && <Slot of="Composer" widget={widget} />}
      {state === "ended" && <p class="hint">{text(`end_${model.reason.value}`)}</p>}
      {state === "ended" && <Slot of="Feedback" widget={widget} />}
      {model.soundBlocked.value && <Hear />}
      <Actions widget={widget} hide={hide} />
      <p class="aside" role="status">{announcement(state)}</p>
    </div>
  );
}

function Head({ avatar }: { avatar: unknown }): VNode {
  return (
    <div class="head">
      <Orb key={avatar} avatar={avatar} />
      <div class="who">
        <h2 class="name">{name()}</h2>
        <Status />
      </div>
    </div>
  );
}

function Failure({ widget, language }: { widget: Widget; language: string }): VNode {
  const problem = model.problem.value ?? { code: "" };
  const key = sentence(problem);
  const icon = signOf(key);
  return (
    <div class="failure" role="alert">
      <span class={`sign ${icon}`}><Icon name={icon} /></span>
      <h2 class="name">{text(key)}</h2>
      {!more.value?.helps(problem.code) && <p>{text(`${key}_help`, { when: when(problem, language) })}</p>}
      <Slot of="Help" widget={widget} />
    </div>
  );
}

/** What may stand there in one call: the bar keeps room for the longest word, and does not move with a turn. */
const IN_CALL = ["waiting", "listening", "thinking", "speaking", "muted", "reconnecting"];

/** State in words, and the call's time. */
function Status({ words }: { words?: string }): VNode {
  const state = model.state.value;
  const muted = model.muted.value && state === "listening";
  const seconds = model.seconds.value;
  // How it stands beside the words comes with the further chunk.
  const timed = more.value && model.joined.value && state !== "waiting";
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  return (
    <p class="state" data-words={words}>
      <span>{text(`state_${muted ? "muted" : shown(state)}`)}</span>
      {timed && <span class="time"><i aria-hidden="true">·</i><span dir="ltr">{time}</span></span>}
    </p>
  );
}

function Hear(): VNode {
  return (
    <button type="button" class="press sound" onClick={() => void playSound()}>
      <Icon name="sound" />
      {text("hear")}
    </button>
  );
}

function Notice({ children }: { children: ComponentChildren }): VNode {
  return <p class="warn"><Icon name="warning" /><span>{children}</span></p>;
}

/** The call in the launcher's place. */
function Bar({ widget, show, hide }: PanelProps): VNode {
  const root = useRef<HTMLDivElement>(null);
  const { options, language, direction, dark } = lookOf(widget);
  const live = model.joined.value && model.busy();
  useFocus(root, model.state.value, ".expand");
  useLevels(root);
  return (
    <div
      ref={root}
      class={`bar ${dark ? "dark" : ""}`}
      part="bar"
      role="group"
      aria-label={text("dialog", { name: name() })}
      lang={language}
      dir={direction}
      data-state={model.state.value}
    >
      {live && <Slot of="Notices" widget={widget} />}
      {model.soundBlocked.value && <Hear />}
      {more.value ? <Slot of="Caption" widget={widget} /> : <p class="caption">{text("ai_notice")}</p>}
      <div class="row">
        <button type="button" class="expand" onClick={() => show(widget, "open")}>
          <span class="aside">{text("expand")}: </span>
          <Orb key={options.avatar} avatar={options.avatar} />
          <Status words={IN_CALL.map((one) => text(`state_${one}`)).join(" ")} />
          <Icon name="grow" />
        </button>
        <span class="row">
          {live && !model.written.value && <MuteButton bare />}
          <IconButton icon="hangup" label={text("end")} class="red" onClick={() => (end(), model.busy() || hide())} />
        </span>
      </div>
      <p class="aside" role="status">{announcement(model.state.value)}</p>
    </div>
  );
}

/** Before the call the visitor is asked for more than the microphone, and not all the time. */
function shown(state: State): string {
  if (model.written.value && state === "listening") return "writing";
  // Nobody hears it.
  if (model.silent.value && state === "speaking") return "thinking";
  if (state !== "asking") return state;
  return model.terms.value ? "consent" : model.prompting.value ? "asking" : "connecting";
}

/** Who can't see hears the steps of a call; not each turn, which would talk over the assistant's own voice. */
function announcement(state: State): string {
  // Nobody is told to speak before sound has been let in.
  if (model.soundBlocked.value) return "";
  switch (state) {
    case "idle":
    case "failed":
      return "";
    case "listening":
    case "thinking":
    case "speaking":
      return text(model.written.value ? "state_writing" : "connected");
    case "ended":
      return `${text("state_ended")}. ${text(`end_${model.reason.value}`)}`;
    default:
      return text(`state_${shown(state)}`);
  }
}

/** The keyboard comes along, and is not lost when the button it was on goes. */
function useFocus(root: { current: HTMLDivElement | null }, state: string, first?: string): void {
  const held = useRef(false);
  held.current = !!root.current?.matches(":focus-within");
  useLayoutEffect(() => {
    const target = first ? root.current?.querySelector<HTMLElement>(first) : root.current;
    if (view.peek().focus) target?.focus({ preventScroll: true });
    view.peek().focus = false;
  }, []);
  useLayoutEffect(() => {
    if (held.current && !root.current?.matches(":focus-within")) root.current?.focus({ preventScroll: true });
  }, [state]);
}
