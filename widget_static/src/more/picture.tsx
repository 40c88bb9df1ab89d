/** Where to look, drawn: the top of a browser, a row of the system's settings, … and in it the place that matters. */

import type { VNode } from "preact";

import type { Browser } from "./browser";
import type { Cause } from "./cause";

type Of = Browser | Cause;

/** A microphone around this point. */
const microphone = (x: number, y: number) =>
  `M${x - 2} ${y}v-4a2 2 0 0 1 4 0v4a2 2 0 0 1-4 0ZM${x - 4.5} ${y}a4.5 4.5 0 0 0 9 0M${x} ${y + 4.5}v2`;

const ring = (x: number, y: number, r = 13) => <circle class="ring-help" cx={x} cy={y} r={r} />;
const strong = (d: string) => <path class="strong" d={d} />;
const faint = (d: string) => <path class="faint" d={d} />;
const paper = (x = 4, width = 232, y = 4) => (
  <path class="paper" d={`M${x} 74V${y + 12}a12 12 0 0 1 12-12h${width - 24}a12 12 0 0 1 12 12v${62 - y}`} />
);
const field = (x: number, y: number, width: number, height: number, round = height / 2) => (
  <rect class="field" x={x} y={y} width={width} height={height} rx={round} />
);

/** A window with its address, and where that begins. */
const page = (what?: unknown) => <>{paper()}{faint("M20 27h8m8 0h8m8 0h4")}{field(64, 14, 160, 26)}{what}</>;

const settings = (x: number) => <>{strong(`M${x - 5} 24.5h5m4 0h1m-10 5h1m4 0h5M${x + 2} 22.5v4M${x - 2} 27.5v4`)}{ring(x, 27)}</>;

const PICTURES: Readonly<Partial<Record<Of, () => VNode>>> = {
  chrome: () => page(<>{faint("M100 27h84")}{settings(80)}</>),
  firefox: () => page(<>{faint("M100 27h84")}{strong(`${microphone(80, 27)}M74 21l12 12`)}{ring(80, 27)}</>),
  android: () => <>{paper(60, 120)}{field(70, 14, 100, 26)}{faint("M104 27h48")}{settings(84)}</>,
  ios: () => <>{paper(60, 120)}{field(70, 14, 100, 26)}{faint("M104 27h48")}{settings(84)}</>,
  safari: () => <>{paper()}{faint("M62 19h26m12 0h20m12 0h24")}{strong("M21 19h18")}{field(64, 34, 112, 22)}{ring(30, 19, 15)}</>,
  // an app's own bar, its menu, and the entry that leads out
  in_app: () => <>{paper(60, 120)}{faint("M76 22h40")}{strong("M152 22v.1m6 0v.1m6 0v.1")}{ring(158, 22)}{field(92, 40, 76, 26, 8)}{faint("M124 53h34")}{strong("M109 48h-5v10h10v-5m-2-6h4v4m0-4-6 6")}</>,
  frame: () => <>{paper()}{faint("M20 20h36m12 0h20")}<rect class="field" x="36" y="34" width="116" height="50" rx="8" />{faint("M50 50h46")}{strong("M138 48l32-19m-9-1 9 1-3 8")}{ring(188, 22)}{strong("M183 17h10v10h-10Z")}</>,
  policy: () => page(<>{faint("M80 27h104")}{strong(`${microphone(120, 56)}M114 50l12 12`)}</>),
  system: () => <>{paper()}{faint("M24 22h56")}{field(16, 34, 208, 32, 10)}{strong(microphone(34, 50))}{faint("M50 50h72")}<rect class="ring-help" x="168" y="36" width="50" height="28" rx="14" /><rect class="strong" x="178" y="42" width="30" height="16" rx="8" /><circle class="strong" cx="186" cy="50" r="4" /></>,
  missing: () => <>{strong("M92 42V36a28 28 0 0 1 56 0v6M88 42h6v18h-6a3 3 0 0 1-3-3V45a3 3 0 0 1 3-3ZM146 42h6a3 3 0 0 1 3 3v12a3 3 0 0 1-3 3h-6ZM151 60a6 6 0 0 1-6 4h-14m0-2.5v5h-7v-5Z")}{ring(127, 60, 12)}</>,
  busy: () => <>{paper(24, 150, 4)}{faint("M40 18h40")}{strong(microphone(150, 20))}{ring(150, 20)}{paper(84, 140, 36)}{faint("M100 50h52")}</>,
  plain: () => page(<>{strong("M75 26h10v8H75Zm2 0v-3a3 3 0 0 1 6 0v3")}{ring(80, 27)}<text x="100" y="32">https://</text></>),
  file: () => <>{strong("M52 14h20l12 12v34H52Zm20 0v12h12")}{strong("M104 38h26m-7-6 7 6-7 6")}{strong("M146 38a20 20 0 1 1 40 0 20 20 0 1 1-40 0Zm0 0h40m-20-20q-18 20 0 40 18-20 0-40")}</>,
  old: () => page(<>{faint("M80 27h104")}{strong("M127 56a7 7 0 1 1-2-5m0-4v4h-4")}</>),
};

/** Nothing where there is nothing to point at. */
export function Picture({ of, mirrored }: { of: Of; mirrored: boolean }): VNode | null {
  const drawn = PICTURES[of];
  if (!drawn) return null;
  // Letters are never mirrored.
  const turned = mirrored && of !== "plain";
  return (
    <svg class="picture-help" viewBox="0 0 240 74" aria-hidden="true" {...(turned && { style: "transform:scaleX(-1)" })}>
      {drawn()}
    </svg>
  );
}
