/** More icons, drawn as the panel's are. */

import type { VNode } from "preact";

const PATHS = {
  send: "M12 19V5.5m-6 6 6-6 6 6",
  newest: "M12 5v13.5m-6-6 6 6 6-6",
  copy: "M9 8.5h9a1.5 1.5 0 0 1 1.5 1.5v9a1.5 1.5 0 0 1-1.5 1.5H9A1.5 1.5 0 0 1 7.5 19v-9A1.5 1.5 0 0 1 9 8.5ZM4.8 15.4A1.4 1.4 0 0 1 4 14V5a1.5 1.5 0 0 1 1.5-1.5h9a1.4 1.4 0 0 1 1.3.9",
  window: "M13.5 5H19v5.5M19 5l-8 8M10.5 5.5H6A1.5 1.5 0 0 0 4.5 7v11A1.5 1.5 0 0 0 6 19.5h11a1.5 1.5 0 0 0 1.5-1.5v-4.5",
  done: "m5 12.5 4.5 4.5L19 7.5",
  keyboard: "M4.5 6.5h15A1.5 1.5 0 0 1 21 8v8a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 16V8a1.5 1.5 0 0 1 1.5-1.5ZM7 10.2v.1M10.3 10.2v.1M13.7 10.2v.1M17 10.2v.1M8.5 14h7",
  good: "M7.5 11 11.3 3.6a2.3 2.3 0 0 1 2.2 2.7L13 9.5h4.9a2 2 0 0 1 2 2.3l-1.1 6.4a2 2 0 0 1-2 1.7H7.5M7.5 11v8.9M7.5 11H5a1.2 1.2 0 0 0-1.2 1.2v6.5A1.2 1.2 0 0 0 5 19.9h2.5",
  sound: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5ZM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11",
  silent: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5ZM16 9.5l5 5m0-5-5 5",
} as const;

export type SignName = keyof typeof PATHS;

export function Sign({ name }: { name: SignName }): VNode {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
