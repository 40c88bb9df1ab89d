/** A button that copies. */

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";

import { text } from "../panel/texts";
import { Sign } from "./signs";

/** Milliseconds for which it says so. */
const SAYS = 2_000;

export interface CopyProps {
  /** What it is called. Without it, it is an icon named as `name`; without both, their words have not come, it is not there. */
  label?: string;
  name?: string;
  content(): string;
  /** What shows the content, to be marked where the browser does not let a page copy. */
  shown(): Element | null;
}

export function Copy({ label, name, content, shown }: CopyProps): VNode | null {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    const timer = copied ? setTimeout(() => setCopied(false), SAYS) : 0;
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    if (await copies(content(), shown())) setCopied(true);
  };
  if (!(label || name)) return null;
  return (
    <button type="button" class={`copy ${label ? "" : "bare"}`} aria-label={label ? undefined : name} onClick={() => void copy()}>
      <Sign name={copied ? "done" : "copy"} />
      {label && <span>{copied ? text("copied") : label}</span>}
      <span class="aside" role="status">{copied ? text("copied") : ""}</span>
    </button>
  );
}

/** The page may be framed, or not be secure: then there is no clipboard, but maybe the old command. */
async function copies(content: string, shown: Element | null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(content);
    return true;
  } catch {
    if (shown) getSelection()?.selectAllChildren(shown);
    return document.execCommand("copy");
  }
}
