/** Typing to the agent, beside the voice or instead of it. */

import { effect, signal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

import * as call from "../call/call";
import * as model from "../call/model";
import { lookOf } from "../panel/look";
import { text } from "../panel/texts";
import { aboveKeyboard } from "./keyboard";
import { Sign } from "./signs";
import type { ComposerProps } from "./slots";

/** Characters of one message. */
const MOST = 2_000;
/** From here on they are counted. */
const COUNTED = 1_800;

/** Kept while the panel is small, and while the network is away. */
const draft = signal("");
const failed = signal(false);

effect(() => {
  void model.callId.value;
  draft.value = "";
  failed.value = false;
});

export function Composer({ widget }: ComposerProps): VNode | null {
  const there = model.joined.value && model.busy();
  if (!there || (lookOf(widget).options.textInput === false && !model.written.value)) return null;
  return text("message") ? <Field /> : null;
}

function Field(): VNode {
  const form = useRef<HTMLFormElement>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  const value = draft.value;
  const over = value.length > MOST;
  // Before the agent has come, and while the network is away, nobody would read it.
  const reads = ["listening", "thinking", "speaking"].includes(model.state.value);
  const able = reads && !over && !!value.trim();

  useEffect(() => aboveKeyboard(form.current!), []);
  useLayoutEffect(() => {
    // Who has chosen to type can begin at once.
    if (model.written.peek() && form.current!.closest(".panel")?.matches(":focus-within")) area.current!.focus({ preventScroll: true });
  }, []);
  useLayoutEffect(() => {
    const { style } = area.current!;
    style.height = "auto";
    style.height = `${area.current!.scrollHeight}px`;
  }, [value]);

  const send = () => {
    if (!able) return;
    const message = value.trim();
    draft.value = "";
    failed.value = false;
    call.sendText(message).catch(() => {
      // Nothing that was typed is lost.
      draft.value = [message, draft.peek()].filter(Boolean).join("\n");
      failed.value = true;
    });
    area.current!.focus({ preventScroll: true });
  };

  return (
    <form
      ref={form}
      class={`composer ${over ? "over" : ""}`}
      part="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div class="field">
        <textarea
          ref={area}
          rows={1}
          dir="auto"
          value={value}
          placeholder={text("message")}
          aria-label={text("message")}
          aria-invalid={over}
          aria-describedby="count"
          enterkeyhint="send"
          autocomplete="off"
          onInput={({ currentTarget }) => {
            draft.value = currentTarget.value;
          }}
          onKeyDown={(event) => {
            // While a word is put together (Hindi, Japanese …), Enter takes it and Escape drops it. Safari says so by 229 only.
            const composing = event.isComposing || event.keyCode === 229;
            // The page sees only that something was typed into an element it does not know, and may have shortcuts.
            if (composing || !["Escape", "Tab"].includes(event.key)) event.stopPropagation();
            if (composing || event.key !== "Enter" || event.shiftKey) return;
            event.preventDefault();
            send();
          }}
          onKeyPress={(event) => event.stopPropagation()}
          onKeyUp={(event) => event.stopPropagation()}
        />
        <button type="submit" class="send" aria-label={text("send")} aria-disabled={!able}>
          <Sign name="send" />
        </button>
      </div>
      <p id="count" class="count" role="status" dir="ltr">{value.length > COUNTED ? `${value.length} / ${MOST}` : ""}</p>
      {failed.value && <p class="unsent" role="alert">{text("load_failed_help")}</p>}
    </form>
  );
}
