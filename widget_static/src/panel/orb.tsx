/** The voice, drawn: bars that move with whoever speaks. */

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";

import { levels } from "../call/call";
import * as model from "../call/model";
import { Icon } from "./icons";

export function Orb({ avatar }: { avatar: unknown }): VNode {
  const [broken, setBroken] = useState(false);
  const hush = model.muted.value && model.state.value === "listening";
  const picture = !hush && !broken && typeof avatar === "string" && avatar;
  return (
    <span class={`orb ${hush ? "hush" : picture ? "picture" : ""}`} aria-hidden="true">
      {picture
        ? <img src={picture} alt="" onError={() => setBroken(true)} />
        : hush ? <Icon name="muted" />
        : <span class="wave"><i /><i /><i /><i /></span>}
    </span>
  );
}

/**
 * Writes both levels, 0 to 1, where the stylesheet finds them: thirty times a second will do, and what has not changed
 * costs no frame.
 */
export function useLevels(root: { current: HTMLElement | null }): void {
  const live = model.joined.value && model.busy();
  useEffect(() => {
    if (!live) return undefined;
    const shown: Record<string, string> = {};
    const timer = setInterval(() => {
      if (document.hidden) return;
      for (const [name, now] of Object.entries(levels())) {
        // Up at once, down slowly: a voice is followed, its gaps are not.
        const level = Math.max(now, Number(shown[name] ?? 0) * 0.8 - 0.01).toFixed(2);
        if (level !== shown[name]) root.current?.style.setProperty(`--${name}`, (shown[name] = level));
      }
    }, 33);
    return () => clearInterval(timer);
  }, [live]);
}
