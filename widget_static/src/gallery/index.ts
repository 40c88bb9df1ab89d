/**
 * One cell of the gallery: the real element and the real panel in one state, without a call. `?state=listening`, and any
 * attribute of the element. Never part of what is installed.
 */

import { asked, site } from "./element";
import * as model from "../call/model";
import * as home from "../panel/home";
import "../panel/index";
import { fetchMore, more } from "../panel/more";
import { further, speak } from "../panel/texts";
import type { Widget } from "../types";
import { BEFORE, DONE, STATES } from "./states";

/** The voices of a moment, held, so that a picture is like the last one. */
const HELD = ".panel, .bar { --agent: 0.8 !important; --visitor: 0.6 !important }";

const until = (ready: () => unknown): Promise<void> =>
  new Promise((done) => {
    const look = () => (ready() ? done() : setTimeout(look, 10));
    look();
  });

/** The button by itself, and what has to be done to it. There is no panel to be fetched here. */
const LAUNCHERS: Readonly<Record<string, (widget: Widget) => unknown>> = {
  launcher: () => {},
  trying: (widget) => widget.face("busy"),
  unreached: (widget) => (widget as unknown as { panel_(): Promise<unknown> }).panel_().catch(() => {}),
};

async function draw(widget: Widget, state: string): Promise<void> {
  for (const [name, value] of asked) if (name !== "state" && name !== "card") widget.setAttribute(name, value);
  if (LAUNCHERS[state]) return void (await LAUNCHERS[state](widget));
  model.home.value = widget;
  model.site.value = site;
  fetchMore();
  await speak(widget.spoken);
  await until(() => more.value && further.value["you"]);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(HELD);
  widget.shadowRoot!.adoptedStyleSheets.push(sheet);
  await BEFORE[state]?.();
  home.show(widget, asked.has("card") ? "open" : home.first(widget));
  STATES[state]!();
  if (asked.get("state") !== "idle" && !model.busy()) home.show(widget);
  if (model.terms.peek()) home.show(widget);
  await DONE[state]?.(widget.shadowRoot!);
}

await draw(document.querySelector<Widget>("vaani-widget")!, asked.get("state") ?? "launcher");
await document.fonts.ready;
document.documentElement.dataset.drawn = "";
