/** The `<vaani-widget>` element, as far as a page view and a click need it. The rest comes with the panel. */

import type { AttributeProperties } from "../attributes";
import type { Face, RoomModule, SiteInfo, Widget } from "../types";
import { flush, takeCommands } from "./commands";
import { NAME, base, chunk, elements, handled, loadPanel, make, panel, place, settle, withPanel } from "./common";
import { inkOn, sheet } from "./face";
import { begin, hopeless } from "./gesture";
import { notice } from "./intent";
import { NAMES, assign, defineProperties, own, spelled } from "./properties";
import { wordsIn } from "./words";

/** The first loader's site, and so that of an element which names none. */
let usual: string;
/** What loaders know of their sites. */
const infos = new Map<string, SiteInfo>();

/** The call that is being started: one per page. */
let starting: Promise<void> | undefined;

const happening = (name: string, detail?: unknown, cancelable?: boolean) =>
  new CustomEvent(name, { detail, cancelable: cancelable!, bubbles: true, composed: true });

/** What not every browser has. */
interface Newer {
  connection?: { saveData: boolean };
  prerendering?: boolean;
}

/** `late.ts` puts in what of a {@link Widget} isn't written here. */
export interface VaaniWidgetElement extends AttributeProperties, Widget {
  metadata: Record<string, unknown> | null;
}

export class VaaniWidgetElement extends HTMLElement {
  static readonly observedAttributes = NAMES.map((name) => spelled(name, "-"));

  early: Promise<Response> | undefined;
  asked: number | undefined;
  /** Kept for listeners that come late. */
  ready_: Event | undefined;
  /** Where a script tag made this, its site, or empty for any: it gives way to an element that the page's author wrote. */
  made_: string | undefined;
  private readonly box_ = make("div");
  readonly launcher_ = make("button");
  private readonly link_ = make("a");
  /** What stands before the label where no panel could be fetched: then the launcher says it, and is the way to try again. */
  private failed_: string | undefined;
  /** By the visitor, who has it back when a page is loaded. */
  private dismissed_ = false;

  /** What a script tag asks for: defines the element if need be, and makes one unless the page has it. */
  static load(tag: HTMLScriptElement, info: SiteInfo | null): void {
    const site = tag.dataset.site || info?.key;
    const server = new URL(info ? "../.." : ".", tag.src).href;
    if (info) infos.set(info.key, info);
    if (!base) {
      settle(server);
      usual = site ?? "default";
      takeCommands();
      defineProperties(this.prototype);
      customElements.define(NAME, this);
      // Before the page's own listeners, one of which may stop the event.
      for (const type of ["pointerover", "pointerdown", "keydown", "focusin", "focusout", "click"]) addEventListener(type, notice as never, true);
    }
    for (const { siteKey } of elements) if (!site || site === siteKey) return;
    place({ server, ...tag.dataset, site }, site ?? "");
  }

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet!];
    this.launcher_.part = "button";
    this.launcher_.setAttribute("data-vaani-call", "");
    this.launcher_.dir = "auto";
    this.box_.append(this.launcher_);
    root.append(this.box_);
    // What was set before the element was defined.
    assign(this, this);
  }

  connectedCallback(): void {
    if (this.made_ == null) for (const other of elements) if (other.made_ === "" || other.made_ === this.siteKey) other.remove();
    elements.add(this);
    this.draw_();
    panel?.attached(this);
    if (!this.ready_) this.dispatchEvent((this.ready_ = happening("vaani-ready")));
    flush();
  }

  disconnectedCallback(): void {
    elements.delete(this);
    panel?.detached(this);
  }

  attributeChangedCallback(name: string): void {
    // What was minted may be for another site, server, agent or visitor.
    if (/^s|^a?g/.test(name)) this.early = undefined;
    this.draw_();
  }

  /** Starts a call, or brings the running one forward. */
  start(): Promise<void> {
    if (panel?.running) panel.open(panel.running);
    else if (!starting) {
      // A click has nobody to catch it. Whoever called still hears of it.
      void handled((starting = this.begin_())).then(() => (starting = undefined));
    }
    return starting ?? Promise.resolve();
  }

  get api(): string {
    return (this.server ?? base).replace(/\/$/, "");
  }

  get known(): SiteInfo | undefined {
    return infos.get(this.siteKey);
  }

  get language(): string {
    for (const asked of [this.look_("locale"), this.closest<HTMLElement>("[lang]")?.lang, ...navigator.languages]) {
      // Of `zh-Hant-TW` also `zh-hant` and `zh` will do.
      for (let tag = `${asked}`.toLowerCase(); tag; tag = tag.replace(/-?[^-]*$/, "")) {
        if (wordsIn(tag)[0] === tag || this.texts_(tag)) return tag;
      }
    }
    return "en";
  }

  face(face: Face, failed?: string): void {
    this.failed_ = failed;
    this.link_.remove();
    this.dismissed_ ||= face === "dismissed";
    this.launcher_.hidden = this.dismissed_ || face === "call";
    this.launcher_.setAttribute("aria-busy", (face === "busy") as never);
    this.draw_();
  }

  emit(name: string, detail?: unknown, cancelable?: boolean): boolean {
    return this.dispatchEvent(happening(name, detail, cancelable));
  }

  /** The site's key. */
  get siteKey(): string {
    return this.site ?? usual;
  }

  /** Fetches for the click what it will need; not where bytes cost the visitor, nor for a page that nobody sees yet. */
  warm_(): void {
    if (!(navigator as Newer).connection?.saveData && !(document as Newer).prerendering && !panel?.running && !hopeless(this.api)) {
      this.prepare_();
    }
  }

  /** Nothing that the server tells later changes a look once drawn. */
  private look_(name: keyof AttributeProperties): any {
    return this[name] ?? own(this.known?.look, spelled(name, "_"));
  }

  /** The owner's own texts in a language. */
  private texts_(language: string): unknown {
    return own(this.texts, language) ?? own(this.known?.text, language);
  }

  private draw_(): void {
    const { language, box_: box } = this;
    const style = box.style;
    const set = (name: string, value: string | null) => style.setProperty(`--v-${name}`, value);
    // Whoever writes "30px" means 30; what is no number is as if it were not there.
    for (const name of ["zIndex", "offsetX", "offsetY"] as const) set(name, /^[-\d.]+(?=p|$)/.exec(this.look_(name)) as never);
    // Any color, a page's variable too, comes back as `rgb()`; what is no color leaves that of the stylesheet.
    style.color = this.look_("accentColor");
    const { color } = getComputedStyle(box);
    set("accent", color);
    set("ink", inkOn(color));
    box.className = `box ${this.look_("position")} ${this.failed_ ?? this.look_("variant")}`;
    this.launcher_.lang = language;
    this.launcher_.textContent = this.label ?? own(this.texts_(language), "label") ?? this.look_("label") ?? wordsIn(language)[1];
    this.launcher_.prepend(this.failed_ ?? "");
    if (!sheet) {
      this.launcher_.remove();
      this.offer_();
    }
  }

  /** Another way to reach the owner. */
  private offer_(): void {
    const address = this.look_("fallbackUrl");
    if (address) {
      this.link_.textContent = this.link_.href = address;
      this.box_.append(this.link_);
    }
  }

  /** All that a call needs, side by side. */
  private prepare_(): Promise<RoomModule> {
    const { agent, grant } = this;
    // Where a grant has to be fetched first, the panel mints.
    if (grant || !this.grantUrl) {
      this.early ??= (this.asked = Date.now(), fetch(`${this.api}/v1/sites/${this.siteKey}/token`, {
        method: "POST",
        // A string goes as text/plain, which needs no preflight.
        body: JSON.stringify({ agent, grant }),
        credentials: "omit",
      }));
    }
    const room = chunk<RoomModule>(__LIVEKIT__);
    handled(this.early, loadPanel(), chunk(wordsIn(this.language)[0] + __LOCALE_SUFFIX__), room);
    return room;
  }

  /** The panel, and a busy launcher until it has come. */
  private panel_(): Promise<unknown> {
    this.face("busy");
    return loadPanel().catch((problem) => {
      this.face("idle", "↻ ");
      this.offer_();
      this.emit("vaani-error", { ...problem, fatal: true });
      throw problem;
    });
  }

  /** Whatever needs the click's permission comes before the first `await`. */
  private async begin_(): Promise<void> {
    const promised: unknown[] = [];
    if (hopeless(this.api)) {
      await this.panel_();
      return this.refuse();
    }
    const detail = { waitUntil: (promise: unknown) => promised.push(promise) };
    if (!this.emit("vaani-before-call", detail, true)) throw { code: "cancelled" };
    const gesture = begin(this.known?.consent);
    const room = this.prepare_();
    await this.panel_().catch((problem) => {
      gesture.audioContext.close();
      handled(gesture.microphone?.then((stream) => stream.getTracks()[0]!.stop()));
      throw problem;
    });
    return this.proceed(gesture, promised, room);
  }
}

// What comes with the panel waits for it: the first two fetch it, the last two are kept until it is there.
(["open", "startText", "close", "end", "mute", "sendText", "setMetadata", "registerTool"] as const).forEach((name, index) => {
  VaaniWidgetElement.prototype[name] = async function (this: any, ...given: never[]) {
    if (index < 2) await this.panel_();
    await withPanel(() => this[name](...given), index > 5);
  };
});
