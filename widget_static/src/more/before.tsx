/** What there is to choose before a call. */

import type { VNode } from "preact";

import * as model from "../call/model";
import { Language } from "./language";
import type { SlotProps } from "./slots";
import { Instead as Typed } from "./written";

export function Instead({ widget }: SlotProps): VNode {
  const state = model.state.value;
  return (
    <>
      {(state === "idle" || state === "ended") && <div class="chosen"><Language widget={widget} /></div>}
      <Typed widget={widget} />
    </>
  );
}
