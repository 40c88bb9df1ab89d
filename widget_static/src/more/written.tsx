/** A call in writing: how it begins, and whether the agent is heard in it. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";

import * as call from "../call/call";
import * as model from "../call/model";
import { lookOf } from "../panel/look";
import { text } from "../panel/texts";
import { Anew } from "./anew";
import { writable } from "./cause";
import { Sign } from "./signs";
import type { SlotProps } from "./slots";

/** For whoever can't talk, or would rather not. */
export function Instead({ widget }: SlotProps): VNode | null {
  const state = model.state.value;
  const problem = model.problem.value?.code ?? "";
  const { textInput, feedback } = lookOf(widget).options;
  // Where the visitor is asked how it was, there is no room for more.
  const ended = state === "ended" && (!feedback || model.written.value);
  const offered = state === "idle" || ended || (state === "asking" && !model.written.value) || (state === "failed" && writable(problem));
  if (!offered || !text("type_instead") || textInput === false) return null;
  return <TypeInstead onClick={() => void widget.startText().catch(() => {})} />;
}

/** In a call by voice, for whoever could not choose before. A call keeps its kind: it begins anew. */
export function InWriting({ widget }: SlotProps): VNode | null {
  const [asking, ask] = useState(false);
  if (model.written.value || !text("type_instead") || lookOf(widget).options.textInput === false) return null;
  if (!asking) return <TypeInstead onClick={() => ask(true)} />;
  const go = () => {
    ask(false);
    call.end();
    // Inside the click, so that the browser lets sound play later; what goes wrong is shown in the panel.
    void widget.startText().catch(() => {});
  };
  return <Anew question={text("writing_anew")} label={text("anew")} go={go} stay={() => ask(false)} />;
}

function TypeInstead({ onClick }: { onClick(): void }): VNode {
  return (
    <button type="button" class="press wide plain" onClick={onClick}>
      <Sign name="keyboard" />
      {text("type_instead")}
    </button>
  );
}

/** Where there is no microphone to mute: the agent's voice. */
export function Sound(_: SlotProps): VNode | null {
  const silent = model.silent.value;
  const label = text(silent ? "sound_on" : "sound_off");
  return label ? (
    <button type="button" class="press" onClick={() => call.silence(!silent)}>
      <Sign name={silent ? "silent" : "sound"} />
      {label}
    </button>
  ) : null;
}
