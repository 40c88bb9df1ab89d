/**
 * The rest of the `<vaani-widget>` element. It comes with the panel, since nothing of it is needed before: what the
 * loader can leave out costs no page view.
 */

import { type AttributeProperties, BUTTON, CALL } from "../attributes";
import * as panel from "../panel/index";
import type { BrowserCode, Gesture, SiteInfo, SiteToken, ToolHandler, Widget } from "../types";
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

/** The last mint: there is one request at a time. */
let minting: Promise<unknown> = Promise.resolve();

const rest: Partial<Widget> & ThisType<Element> = {
  get options() {
    const self = this as unknown as Element;
    const options: Record<string, unknown> = {};
    for (const name of NAMES) {
      // What the button has drawn stays as it was drawn.
      const look = name in BUTTON ? self.known?.look : self.siteInfo?.look;
      const value = self[name as "label"] ?? own(look, spelled(name, "_")) ?? own(DEFAULTS, name);
      if (value !== null) options[name] = value;
    }
    options.site = self.siteKey;
    return options;
  },

  get callSettings() {
    const self = this as unknown as Element;
    const settings: Record<string, unknown> = {};
    for (const name of Object.keys(CALL)) {
      const value = self[name as keyof typeof CALL];
      if (value !== null) settings[spelled(name, "_")] = value;
    }
    return settings;
  },

  get siteInfo() {
    const self = this as unknown as Element;
    return told.get(self) ?? self.known ?? null;
  },

  get direction() {
    return /^(ar|fa|he|ur)\b/.test((this as unknown as Element).language) ? "rtl" : "ltr";
  },

  async siteToken({ fresh, grant } = {}): Promise<SiteToken> {
    const { early } = this;
    this.early = undefined;
    const next = minting.then(async () => {
      const kept = await early?.catch(ignore);
      // What the warm-up could not reach is asked for again; what it was refused is not.
      return mint(this, grant, kept && !fresh && !grant ? kept : undefined);
    });
    minting = next.catch(ignore);
    const token = await next;
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
    if (hungUp) {
      hungUp = false;
      gesture.microphone.then((stream) => stream.getTracks().forEach((track) => track.stop()), ignore);
      void gesture.audioContext.close();
      this.face("idle");
      throw { code: "cancelled", spent: "no" };
    }
    const before = awaited(promised);
    before.catch(ignore);
    const call = panel.start(this, { ...gesture, before }, room);
    if (!this.isConnected) panel.detached(this);
    await call;
  },

  open() {
    this.face("idle");
    return panel.open(this);
  },
  async close() {
    panel.close();
  },
  async end() {
    hungUp = !panel.running && !!this.shadowRoot?.querySelector("[part=button][aria-busy=true]");
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

const element = customElements.get("vaani-widget");
if (element) Object.defineProperties(element.prototype, Object.getOwnPropertyDescriptors(rest));
