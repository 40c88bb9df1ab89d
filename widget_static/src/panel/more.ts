/** The chunk `more`, fetched once a call is there and waited for by nothing. Where it does not come, a call is plainer. */

import { batch, computed, effect, signal } from "@preact/signals";
import { Fragment, h } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { jsx, jsxs } from "preact/jsx-runtime";

import * as call from "../call/call";
import * as kept from "../call/kept";
import * as model from "../call/model";
import type * as More from "../more/index";
import * as focus from "./focus";
import * as icons from "./icons";
import * as look from "./look";
import * as texts from "./texts";
import { view } from "./view";

/**
 * All that `src/more/` may import of what lies outside of it: one Preact, one model. What is missing here is undefined
 * there.
 */
const SHARED: Readonly<Record<string, object>> = {
  preact: { Fragment, h },
  "preact/hooks": { useEffect, useLayoutEffect, useMemo, useRef, useState },
  "preact/jsx-runtime": { Fragment, jsx, jsxs },
  "@preact/signals": { batch, computed, effect, signal },
  "call/call": call,
  "call/kept": kept,
  "call/model": model,
  "panel/focus": focus,
  "panel/icons": icons,
  "panel/look": look,
  "panel/texts": texts,
  "panel/view": { view },
};

/** Undefined until it has come. */
export const more = signal<typeof More | undefined>(undefined);

let fetching = false;

export function fetchMore(): void {
  if (fetching || more.peek()) return;
  fetching = true;
  import(`./more${__LOCALE_SUFFIX__}`).then(
    ({ default: make }) => {
      more.value = make((name: string) => SHARED[name]);
    },
    () => {
      fetching = false;
    },
  );
}
