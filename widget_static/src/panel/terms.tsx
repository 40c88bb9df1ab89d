/** What the site's owner wants agreed to before a call, in the owner's words. */

import type { VNode } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

import { view } from "./view";

/** An address, without the marks that end the sentence around it. */
const ADDRESS = /(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]’”])/;

export function Terms({ text, label }: { text: string; label: string }): VNode {
  const box = useRef<HTMLDivElement>(null);
  // The keyboard goes to the text, not to a button: a screen reader reads it, and no second Enter answers it.
  useLayoutEffect(() => {
    const focused = box.current!.closest(".panel")?.matches(":focus-within");
    if (!focused && !view.peek().focus) return;
    view.peek().focus = false;
    box.current!.focus({ preventScroll: true });
  }, []);
  return (
    <div ref={box} class="terms" role="group" aria-label={label} tabIndex={0} dir="auto">
      {text.split(ADDRESS).map((part, index) =>
        // Every second part is an address.
        index % 2 ? <a key={index} href={part} target="_blank" rel="noopener noreferrer">{part}</a> : part,
      )}
    </div>
  );
}
