import type { PanelModule } from "../types";
import type { VaaniWidgetElement } from "./element";
import { assign } from "./properties";

export const NAME = "vaani-widget";

/** On the page now, oldest first. */
export const elements = new Set<VaaniWidgetElement>();

/** Whoever waits for these hears how they failed; the page's console doesn't. */
export const handled = (...promises: unknown[]): Promise<unknown> => Promise.allSettled(promises);

export const make = <Name extends keyof HTMLElementTagNameMap>(name: Name): HTMLElementTagNameMap[Name] =>
  document.createElement(name);

/** Puts an element on the page. Not in <body>: there a fixed box goes astray under `transform` and dies when the body is swapped. */
export function place(properties: object, made?: string): VaaniWidgetElement {
  const element = make(NAME as "div") as HTMLElement as VaaniWidgetElement;
  assign(element, properties);
  element.made_ = made;
  return document.documentElement.appendChild(element);
}

/** Where the first loader came from: the blueprint's base, with a slash at its end. Chunks always come from there. */
export let base = "";

export const settle = (server: string): string => (base = server);

/** The panel's module, once it has come. The page's one call belongs to it. */
export let panel: PanelModule | undefined;

/** A question mark for every failure, to add to addresses: some browsers remember a failed import. */
let again = "";
let loading: Promise<unknown> | undefined;
const waiting: (() => unknown)[] = [];

/** @throws {Problem} `load_failed`, also where the network is silent. */
export const chunk = <Module>(name: string): Promise<Module> =>
  new Promise<Module>((done, fail) => {
    import(`${base}assets/${name}${again}`).then(done, fail);
    // Milliseconds after which it won't come any more.
    setTimeout(fail, 3e4);
  }).catch(() => {
    again += "?";
    throw { code: "load_failed" };
  });

export const loadPanel = (): Promise<unknown> =>
  (loading ??= chunk<PanelModule>(__PANEL__).then(
    (module) => {
      panel = module.first;
      for (const work of waiting) work();
    },
    (problem) => {
      loading = undefined;
      throw problem;
    },
  ));

/**
 * Does it when the panel has come, which it never asks for. While nobody else has asked either, there is no call that it
 * could be about: only what is for calls to come is kept.
 */
export const withPanel = (work: () => unknown, keep: boolean): unknown => (loading ? loading.then(work) : keep && waiting.push(work));
