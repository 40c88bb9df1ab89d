/** What was said, by both. Not live for screen readers: it would be read over the assistant's own voice. */

import type { VNode } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

import * as model from "../call/model";
import { name, text } from "./texts";

/** Pixels from the end at which one still reads the end. */
const NEAR = 32;

export function Transcript(): VNode {
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const lines = model.lines.value;
  useLayoutEffect(() => {
    if (atEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines]);
  return (
    <div
      ref={box}
      class="log"
      part="transcript"
      role="log"
      aria-live="off"
      aria-label={text("transcript")}
      tabIndex={0}
      onScroll={({ currentTarget: at }) => {
        atEnd.current = at.scrollHeight - at.scrollTop - at.clientHeight < NEAR;
      }}
    >
      {lines.map((line) => (
        <p key={line.id} class={`line ${line.role} ${line.final ? "" : "interim"}`}>
          <span class="aside">{line.role === "visitor" ? text("you") : name()}: </span>
          <span dir="auto">{line.text}</span>
        </p>
      ))}
    </div>
  );
}
