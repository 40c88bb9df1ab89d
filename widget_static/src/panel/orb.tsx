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

/** Writes both levels, 0 to 1, where the stylesheet finds them. Costs no frame but in a call. */
export function useLevels(root: { current: HTMLElement | null }): void {
  const live = model.joined.value && model.busy();
  useEffect(() => {
    if (!live) return undefined;
    let frame = 0;
    let shown = { visitor: 0, agent: 0 };
    const draw = () => {
      frame = requestAnimationFrame(draw);
      const next = levels();
      // Up at once, down slowly: a voice is followed, its gaps are not.
      shown = { visitor: Math.max(next.visitor, shown.visitor * 0.88), agent: Math.max(next.agent, shown.agent * 0.88) };
      for (const [name, level] of Object.entries(shown)) root.current?.style.setProperty(`--${name}`, level.toFixed(3));
    };
    draw();
    return () => cancelAnimationFrame(frame);
  }, [live]);
}
