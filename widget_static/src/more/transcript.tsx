/**
 * What was said and written, by both. In a voice call it is not live for screen readers: it would be read over the
 * assistant's own voice.
 */

import type { VNode } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import * as model from "../call/model";
import { name, text } from "../panel/texts";
import { Copy } from "./copy";
import { rich } from "./rich";
import { Sign } from "./signs";

/** Pixels from the end at which one still reads the end. */
const NEAR = 32;

export function Transcript(): VNode {
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [away, setAway] = useState(false);
  const lines = model.lines.value;
  const written = model.written.value;
  const you = text("you");
  const agent = name();
  // Each piece of a sentence draws one line, not all of them: the rest are the nodes they were.
  const drawn = useMemo(() => new WeakMap<model.Line, VNode>(), [you, agent, written]);
  const draw = (line: model.Line) => {
    let node = drawn.get(line);
    if (!node) drawn.set(line, (node = Said(line, line.role === "visitor" ? you : agent, written)));
    return node;
  };
  const follow = () => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  };
  const last = lines.at(-1);
  const newest = last?.role === "visitor" && last.typed ? last.id : "";
  useLayoutEffect(() => {
    // Who has just sent something wants to see it there.
    if (newest) follow();
  }, [newest]);
  useLayoutEffect(() => {
    if (atEnd.current) follow();
  }, [lines]);
  return (
    <div class="said">
      <div
        ref={box}
        class="log"
        part="transcript"
        role="log"
        aria-live={written ? "polite" : "off"}
        aria-busy={written && lines.at(-1)?.final === false}
        aria-label={text("transcript")}
        tabIndex={0}
        onScroll={({ currentTarget: at }) => {
          atEnd.current = at.scrollHeight - at.scrollTop - at.clientHeight < NEAR;
          setAway(!atEnd.current);
        }}
      >
        {lines.map(draw)}
      </div>
      {away && text("newest") && (
        <button
          type="button"
          class="newest"
          aria-label={text("newest")}
          onClick={() => {
            follow();
            // This button goes.
            box.current?.focus({ preventScroll: true });
          }}
        >
          <Sign name="newest" />
        </button>
      )}
      <Copy
        label={text("copy")}
        content={() => model.lines.peek().map((line) => `${line.role === "visitor" ? you : agent}: ${line.text}`).join("\n")}
        shown={() => box.current}
      />
    </div>
  );
}

/** What was spoken stands as it was heard; only what was written has links and lists. */
function Said({ id, role, text: said, final, typed }: model.Line, who: string, written: boolean): VNode {
  const drawn = role === "agent" && (typed || written);
  return (
    <div key={id} class={`line ${role} ${final ? "" : "interim"}`}>
      <span class="aside">{who}: </span>
      <div class={drawn ? "rich" : ""} dir="auto">{drawn ? rich(said) : said}</div>
    </div>
  );
}
