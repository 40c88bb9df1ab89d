/** Drawn in the page, so that no policy and no network is in the way. */

import type { VNode } from "preact";

const PATHS = {
  microphone: "M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3ZM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21",
  muted: "M9 5.5A3 3 0 0 1 15 6v4.5M15 13.6A3 3 0 0 1 9 11V9M5.5 11a6.5 6.5 0 0 0 10.7 5M18.3 12.6q.2-.8.2-1.6M12 17.5V21M4 4l16 16",
  hangup: "M4.2 14.9v-1.5q7.8-5.6 15.6 0v1.5",
  grow: "m6 14.5 6-6 6 6",
  small: "m6 9.5 6 6 6-6",
  close: "m6.5 6.5 11 11m0-11-11 11",
  warning: "M12 8v5m0 3.2v.1M10.3 4 3 16.8A2 2 0 0 0 4.7 19.8h14.6a2 2 0 0 0 1.7-3L13.7 4a2 2 0 0 0-3.4 0Z",
  clock: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM12 7.5V12l3 2",
  sound: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5ZM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11",
} as const;

export function Icon({ name }: { name: keyof typeof PATHS }): VNode {
  return (
    <svg class={`icon ${name}`} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
