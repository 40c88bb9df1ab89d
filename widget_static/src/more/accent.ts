/**
 * The accent on the panel's ground. Words on it are the loader's affair, as far as an accent is red, green and blue; here
 * is seen to all the others, and that what is filled or drawn with it stands out, whatever the owner has chosen for accent
 * and surface. From the first call on, the button follows the page's theme, too.
 */

import { effect } from "@preact/signals";

import * as model from "../call/model";
import { lookOf } from "../panel/look";
import { view } from "../panel/view";
import type { Widget } from "../types";

/** Red, green and blue, 0 to 255. */
type Channels = readonly [number, number, number];

/** WCAG 2.2 asks for 3 of whatever one has to see and is no text; some to spare for what is rounded. */
const ENOUGH = 3.1;

let frame = 0;

/** When what has changed is drawn; once, however much that was. */
const soon = () => {
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(() => follow(model.home.peek() as Drawn));
};

// A button that comes back to the page has a size again.
const back = new ResizeObserver(soon);

effect(() => {
  const home = model.home.value;
  back.disconnect();
  if (home) back.observe(home.stage.nextElementSibling!);
});

effect(() => {
  if (!model.home.value) return;
  void view.value.shape;
  void lookOf(model.home.value);
  soon();
});

/** Draws itself whenever an attribute changes. */
type Drawn = Widget & { attributeChangedCallback(name: string): void };

function follow(widget: Drawn): void {
  // Off the page nothing has a color. It is looked at again when it is back.
  if (!widget.isConnected) return;
  // The page's own variable may have changed with its theme.
  widget.attributeChangedCallback("");
  ink(widget.stage);
  const drawn = widget.stage.firstElementChild;
  if (drawn) rim(widget.stage, getComputedStyle(drawn));
}

/** Black or white words on an accent that the loader can't read: `oklch()`, `color-mix()` and what else is no `rgb()`. */
function ink(stage: HTMLElement): void {
  const { color } = getComputedStyle(stage.parentElement!);
  const accent = channels(color);
  const better = contrast(accent, [0, 0, 0]) > contrast(accent, [255, 255, 255]) ? "#000" : "#fff";
  for (const part of [stage, stage.nextElementSibling as HTMLElement | null]) {
    part?.style.setProperty("--v-ink", color.startsWith("rgb") ? "" : better);
  }
}

function rim(stage: HTMLElement, style: CSSStyleDeclaration): void {
  const [paper, fill] = ["--paper", "--fill"].map((name) => channels(style.getPropertyValue(name))) as [Channels, Channels];
  const accent = channels(style.getPropertyValue("--color"), paper);
  const set = (name: string, value: string) => stage.style.setProperty(name, value);
  set("--v-edge", `rgb(${seen(accent, [paper, fill])})`);
  // Away from the words on it, so that they are read no worse while it is pointed at.
  set("--v-lift", /#000/.test(style.getPropertyValue("--on-color")) ? "#fff3" : "#0002");
}

/** The color, as little darkened or lightened as it takes to be seen on all of these. */
function seen(color: Channels, grounds: readonly Channels[]): Channels {
  const pole = contrast(grounds[0]!, [0, 0, 0]) > contrast(grounds[0]!, [255, 255, 255]) ? 0 : 255;
  for (let part = 0; part < 1; part += 0.05) {
    const [red, green, blue] = color.map((channel) => Math.round(channel + (pole - channel) * part));
    const mixed = [red!, green!, blue!] as const;
    if (grounds.every((ground) => contrast(mixed, ground) >= ENOUGH)) return mixed;
  }
  return [pole, pole, pole];
}

function contrast(one: Channels, other: Channels): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high! + 0.05) / (low! + 0.05);
}

function luminance(color: Channels): number {
  const [red, green, blue] = color.map((channel) => {
    const value = channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true })!;

/** Of any color that the browser knows. What shines through it is the ground. */
function channels(color: string, ground: Channels = [255, 255, 255]): Channels {
  pen.fillStyle = "#000"; // for what is no color
  pen.fillStyle = color;
  // Most come back as `#rrggbb`. Pixels tell of all the others, where a browser doesn't blur them for fear of spies.
  const hex = /^#(..)(..)(..)$/.exec(pen.fillStyle);
  if (hex) return hex.slice(1).map((pair) => parseInt(pair, 16)) as unknown as Channels;
  const painted = pen.fillStyle;
  pen.fillStyle = `rgb(${ground})`;
  pen.fillRect(0, 0, 1, 1);
  pen.fillStyle = painted;
  pen.fillRect(0, 0, 1, 1);
  const [red, green, blue] = pen.getImageData(0, 0, 1, 1).data;
  return [red!, green!, blue!];
}
