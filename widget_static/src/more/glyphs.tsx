/** Signs that only this chunk draws. */

import type { VNode } from "preact";

const PATHS = {
  sliders: "M4 7h9m5 0h2M4 17h2m5 0h9M15.5 4.6v4.8M8.5 14.6v4.8",
  down: "m7 10 5 5 5-5",
  play: "M8 5.5v13l10.5-6.5Z",
  silent: "M9 5.5A3 3 0 0 1 15 6v4.5M15 13.6A3 3 0 0 1 9 11V9M5.5 11a6.5 6.5 0 0 0 10.7 5M18.3 12.6q.2-.8.2-1.6M12 17.5V21M4 4l16 16",
} as const;

export function Glyph({ name }: { name: keyof typeof PATHS }): VNode {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
