/** Where the panel stands: in one element at a time, and on the page for as long as a call runs. */

import { effect } from "@preact/signals";
import { h, render } from "preact";

import * as model from "../call/model";
import type { Widget } from "../types";
import { Panel } from "./panel";
import { active } from "./focus";
import { more } from "./more";
import css from "./panel.css";
import { type Shape, view } from "./view";

const sheets = new Map<string, CSSStyleSheet>();
/** What `position` was on an element that had to float; undefined where none does. */
let floating: { position: string | null } | undefined;
/** Where the keyboard was before the panel came. */
let before: Element | null = null;

/**
 * Shows the panel in this element, taking it from wherever it was.
 *
 * @param clicked the visitor has just asked for it, so the keyboard goes along.
 */
export function show(widget: Widget, next: Shape = "open", clicked = false): void {
  const home = model.home.peek();
  if (home && home !== widget) clear(home);
  const { shape } = view.peek();
  const moved = home !== widget;
  if (!shape) before = active();
  model.home.value = widget;
  view.value = { shape: next, focus: holdsFocus(widget) || (clicked && !busyElsewhere()) };
  mount(widget);
  if (next === "open" && (moved || shape !== next)) widget.emit("vaani-open");
  else if (next !== "open" && shape === "open") widget.emit("vaani-close");
}

/** How a call begins. What it needs the visitor for is a card in any variant. */
export function first(widget: Widget): Shape {
  return widget.options.variant === "compact" || model.written.peek() ? "open" : small(widget);
}

/** How a call is out of the way. */
export function small(widget: Widget): Shape {
  return widget.options.variant === "none" ? "unseen" : "small";
}

/** Takes the panel away and gives the launcher, and the keyboard's place, back. */
export function hide(): void {
  const home = model.home.peek();
  if (!home || !view.peek().shape) return;
  const focused = holdsFocus(home);
  const seen = view.peek().shape === "open";
  view.value = { shape: null, focus: false };
  clear(home);
  if (seen) home.emit("vaani-close");
  model.change("idle");
  sink(home);
  if (!focused) return;
  const launcher = home.shadowRoot?.querySelector("[part~=button]");
  ((before !== document.body && before?.isConnected ? before : launcher) as HTMLElement | null)?.focus();
}

/** An element has come to the page: the call's own, or an equal one that takes a floating call in. */
export function attached(widget: Widget): void {
  const home = model.home.peek();
  if (!home || !floating) return;
  if (widget === home) {
    if (widget.parentNode !== document.documentElement) settle(widget);
  } else if (equal(widget, home)) {
    move(home, widget);
  }
}

/** The call's element has left the page. Many frameworks only move it, so look again in a moment. */
export function detached(widget: Widget): void {
  setTimeout(() => {
    if (widget.isConnected || widget !== model.home.peek() || !view.peek().shape) return;
    if (!model.busy()) return hide();
    const heir = [...document.querySelectorAll<Widget>(widget.localName)].find((other) => equal(other, widget));
    if (heir) move(widget, heir);
    else float(widget);
  });
}

function mount(widget: Widget): void {
  dress(widget);
  widget.face("call");
  render(h(Panel, { widget, show, hide }), widget.stage);
}

/** Styles of the panel, and of what comes later. */
function dress(widget: Widget): void {
  const root = widget.stage.getRootNode() as ShadowRoot;
  for (const text of [css, more.value?.css]) {
    if (!text) continue;
    const sheet = sheets.get(text) ?? new CSSStyleSheet();
    if (!sheets.has(text)) sheet.replaceSync(text);
    sheets.set(text, sheet);
    if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  }
}

effect(() => {
  if (more.value && view.peek().shape) dress(model.home.peek()!);
});

function clear(widget: Widget): void {
  render(null, widget.stage);
  widget.face("idle");
}

function move(from: Widget, to: Widget): void {
  clear(from);
  sink(from);
  model.home.value = to;
  mount(to);
}

/** Keeps the call on a page that took its element away, as a bar, by putting that element where no page looks. */
function float(widget: Widget): void {
  floating = { position: widget.getAttribute("position") };
  if (widget.options.position === "inline") widget.setAttribute("position", "bottom-right");
  document.documentElement.append(widget);
  show(widget, small(widget));
}

/** A floating element belongs to the page again. */
function settle(widget: Widget): void {
  const position = floating?.position;
  floating = undefined;
  if (position == null) widget.removeAttribute("position");
  else widget.setAttribute("position", position);
}

/** A floating element is no longer needed. */
function sink(widget: Widget): void {
  if (!floating) return;
  settle(widget);
  widget.remove();
}

function equal(one: Widget, other: Widget): boolean {
  return one !== other && one.isConnected && one.options.site === other.options.site && one.api === other.api;
}

function holdsFocus(widget: Widget): boolean {
  return widget.matches(":focus-within");
}

/** The visitor is at something else: a page that starts a call by itself must not take the keyboard from it. */
function busyElsewhere(): boolean {
  const element = document.activeElement;
  return !!element && element !== document.body && !element.closest("[data-vaani-call]");
}
