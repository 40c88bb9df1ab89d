/** When a call has ended: how it was, where the site wants to know. */

import type { VNode } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import * as call from "../call/call";
import * as model from "../call/model";
import { lookOf } from "../panel/look";
import { text } from "../panel/texts";
import { Copy } from "./copy";
import { Sign } from "./signs";
import type { FeedbackProps } from "./slots";

/** Ratings go from 1 to 5; a thumb knows two of them. */
const RATINGS = { good: 5, bad: 1 } as const;
/** Characters; the server takes as many. */
const MOST = 2_000;

export function Feedback({ widget }: FeedbackProps): VNode | null {
  const id = model.callId.value;
  const asked = model.state.value === "ended" && model.joined.value && lookOf(widget).options.feedback === true;
  return asked && id ? <Question key={id} id={id} /> : null;
}

function Question({ id }: { id: string }): VNode {
  const [thumb, setThumb] = useState<keyof typeof RATINGS>();
  const [sentence, setSentence] = useState("");
  const [thanked, setThanked] = useState(false);
  const [failed, setFailed] = useState(false);
  const thanks = useRef<HTMLParagraphElement>(null);
  useLayoutEffect(() => {
    // What the keyboard was on has gone.
    if (thanked) thanks.current?.focus({ preventScroll: true });
  }, [thanked]);

  const tell = async (chosen: keyof typeof RATINGS, words: string) => {
    const told = await call.feedback(RATINGS[chosen], words);
    setFailed(!told);
    return told;
  };
  const choose = (chosen: keyof typeof RATINGS) => {
    setThumb(chosen);
    // Told at once: most say no more.
    void tell(chosen, sentence.trim());
  };
  const send = async () => {
    if (thumb && (await tell(thumb, sentence.trim()))) setThanked(true);
  };

  return (
    <div class="feedback" part="feedback" role="group" aria-label={text("feedback")}>
      {thanked
        ? <p ref={thanks} class="thanks" tabIndex={-1} role="status"><Sign name="done" />{text("thanks")}</p>
        : (
          <div class="ask">
            <p>{text("feedback")}</p>
            {(["good", "bad"] as const).map((name) => (
              <button
                key={name}
                type="button"
                class={`thumb ${name}`}
                aria-label={text(name)}
                aria-pressed={thumb === name}
                onClick={() => choose(name)}
              >
                <Sign name="good" />
              </button>
            ))}
          </div>
        )}
      {thumb && !thanked && (
        <form
          class="words"
          onSubmit={(event) => {
            event.preventDefault();
            void send();
          }}
        >
          <textarea
            rows={2}
            dir="auto"
            maxLength={MOST}
            value={sentence}
            placeholder={text("feedback_more")}
            aria-label={text("feedback_more")}
            onInput={({ currentTarget }) => setSentence(currentTarget.value)}
            onKeyDown={(event) => {
              if (event.isComposing || !["Escape", "Tab"].includes(event.key)) event.stopPropagation();
            }}
            onKeyPress={(event) => event.stopPropagation()}
            onKeyUp={(event) => event.stopPropagation()}
          />
          <button type="submit" class="press">{text("send")}</button>
        </form>
      )}
      {failed && <p class="unsent" role="alert">{text("load_failed_help")}</p>}
      <CallId id={id} />
    </div>
  );
}

/** What to name when one asks the owner about this call. */
function CallId({ id }: { id: string }): VNode {
  const shown = useRef<HTMLElement>(null);
  const label = text("call_id");
  return (
    <p class="call-id">
      <span>{label}</span>
      <code ref={shown} dir="ltr">{id}</code>
      <Copy name={text("copy_id")} content={() => id} shown={() => shown.current} />
    </p>
  );
}
