/**
 * The rest of the `<vaani-widget>` element. It comes with the panel, since nothing of it is needed before: what the
 * loader can leave out costs no page view.
 */

import { type AttributeProperties, BUTTON, CALL } from "../attributes";
import { language } from "../call/kept";
import * as model from "../call/model";
import * as panel from "../panel/index";
import type { BrowserCode, Gesture, PanelModule, SiteInfo, SiteToken, ToolHandler, Widget } from "../types";
import { tagsOf } from "../panel/tags";
import { begin } from "./gesture";
import { NAMES, own, spelled } from "./properties";
import { mint } from "./token";

type Element = Widget & AttributeProperties;

/** Milliseconds that listeners of `vaani-before-call` may take. */
const BEFORE_TAKES = 5_000;

const DEFAULTS = { position: "bottom-right", variant: "button", theme: "auto" };

const ignore = () => {};

/** Sites, as the server told them with the last site token. */
const told = new WeakMap<Element, SiteInfo>();

/** The visitor, or the page, has had enough of a call that was not there yet: nothing of it must be paid for. */
let hungUp = false;

/** Scripts, by ISO 15924, that are written from right to left. */
const FROM_THE_RIGHT = new Set(["Adlm", "Arab", "Aran", "Hebr", "Mand", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa"]);

const rest: Partial<Widget> & ThisType<Element> = {
  get stage() {
    const launcher = (this as unknown as Element).shadowRoot!.querySelector("[part=button]")!;
    if (!launcher.previousElementSibling) launcher.before(document.createElement("div"));
    return launcher.previousElementSibling as HTMLElement;
  },

  get options() {
    const self = this as unknown as Element;
    const options: Record<string, unknown> = {};
    for (const name of NAMES) {
      // What the button has drawn stays as it was drawn.
      const look = BUTTON.includes(name as "label") ? self.known?.look : self.siteInfo?.look;
      const value = self[name as "label"] ?? own(look, spelled(name, "_")) ?? own(DEFAULTS, name);
      if (value !== null) options[name] = value;
    }
    options.site = self.siteKey;
    return options;
  },

  get callSettings() {
    const self = this as unknown as Element;
    const settings: Record<string, unknown> = {};
    for (const name of CALL) {
      const value = self[name];
      if (value !== null) settings[spelled(name, "_")] = value;
    }
    const chosen = language(self);
    return chosen ? { ...settings, primary_language: chosen } : settings;
  },

  get siteInfo() {
    const self = this as unknown as Element;
    return told.get(self) ?? self.known ?? null;
  },

  get spoken() {
    const self = this as unknown as Element;
    const owners = [self.texts, self.siteInfo?.text];
    const asked = [self.options.locale, self.closest<HTMLElement>("[lang]")?.lang, ...navigator.languages];
    const known = (tag: string) => __LANGUAGES__.includes(tag) || owners.some((texts) => own(texts, tag));
    return asked.flatMap((tag) => tagsOf(`${tag}`)).find(known) ?? "en";
  },

  get direction() {
    try {
      const { script } = new Intl.Locale((this as unknown as Element).spoken).maximize();
      return FROM_THE_RIGHT.has(script!) ? "rtl" : "ltr";
    } catch {
      // A language of the owner's that no standard knows.
      return "ltr";
    }
  },

  async siteToken({ fresh, grant } = {}): Promise<SiteToken> {
    const { early, asked = Date.now() } = this;
    this.early = undefined;
    const token = await mint(this, grant, early && !fresh ? { response: early, asked } : undefined);
    told.set(this, token.site);
    return token;
  },

  async refuse() {
    const able = !!(navigator.mediaDevices && window.RTCPeerConnection);
    const code: BrowserCode = isSecureContext && location.protocol !== "file:" && !able ? "unsupported" : "insecure_context";
    panel.fail(this, { code });
    throw { code };
  },

  async proceed(gesture, promised, room) {
    // The microphone is granted in steps that want this thread: they go before what the panel has to do, unless it is
    // drawn already and the launcher would be seen beside it.
    if (!this.stage.firstChild) await new Promise((next) => setTimeout(next));
    if (hungUp) {
      hungUp = false;
      gesture.microphone?.then((stream) => stream.getTracks().forEach((track) => track.stop()), ignore);
      void gesture.audioContext.close();
      this.face("idle");
      throw { code: "cancelled", spent: "no" };
    }
    const before = awaited(promised);
    before.catch(ignore);
    await panel.start(this, { ...gesture, before }, room);
  },

  async startText() {
    // What still waits for a microphone goes on without one.
    if (panel.running) panel.write();
    if (panel.running) return panel.open(panel.running);
    const promised: unknown[] = [];
    const detail = { waitUntil: (promise: unknown) => promised.push(promise) };
    if (!this.emit("vaani-before-call", detail, true)) throw { code: "cancelled" };
    const gesture = begin(true);
    // Who wanted to talk wants to listen; who wants to type may sit where nothing should be heard.
    gesture.audio.muted = !/^mic_/.test(model.problem.peek()?.code ?? "");
    return this.proceed({ ...gesture, written: true }, promised, panel.fetchRoom());
  },

  open() {
    this.face("idle");
    return panel.open(this);
  },
  async close() {
    panel.close();
  },
  async end() {
    // Only while the panel is on its way: a later start is another matter.
    hungUp = !panel.running && model.state.peek() === "idle" && !!this.shadowRoot?.querySelector("[part=button][aria-busy=true]");
    return panel.end();
  },
  async mute(on: boolean) {
    panel.mute(on);
  },
  sendText: (text: string) => panel.sendText(text),
  async setMetadata(metadata: Record<string, unknown>) {
    panel.setMetadata(metadata);
  },
  async registerTool(name: string, handler: ToolHandler) {
    panel.registerTool(name, handler);
  },
};

/** Who says no stops the call. Who is silent for too long doesn't. */
async function awaited(promised: readonly unknown[]): Gesture["before"] {
  const given = {};
  if (!promised.length) return given;
  const all = Promise.all(promised.map(async (promise) => Object.assign(given, await promise)));
  const patience = new Promise((resolve) => setTimeout(resolve, BEFORE_TAKES));
  await Promise.race([all, patience]).catch((error) => {
    console.warn("vaani-widget: vaani-before-call stopped the call.", error);
    throw { code: "cancelled", spent: "no" };
  });
  return given;
}

/**
 * Makes the element whole. Of this chunk there may be two: one that was given up as lost, and came after all. The page's
 * one call can belong to one of them only: to the first, which is returned.
 */
export function install(module: PanelModule): PanelModule {
  const prototype = customElements.get("vaani-widget")?.prototype;
  if (prototype?.panel) return prototype.panel;
  const all = { ...Object.getOwnPropertyDescriptors(rest), panel: { value: module } };
  if (prototype) Object.defineProperties(prototype, all);
  return module;
}
