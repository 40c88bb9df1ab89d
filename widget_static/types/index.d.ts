/**
 * `<vaani-widget>`, its events and its commands.
 *
 * A page that loads the script gets no module: `import "vaani-widget-types"` makes these types known, and costs nothing
 * at run time with `import type {} from "vaani-widget-types"`.
 */

/** What an attribute says, by the property's name. The attribute of `accentColor` is `accent-color`. */
export interface VaaniWidgetAttributes {
  // attributes: made by docs/types.py
  /** The site's key. Default: the script's own site, else `default`. */
  site?: string;
  /** Where the API is, when loader and assets lie on a CDN. Default: where the script came from. */
  server?: string;
  /** UUID or name of the agent, one of the site's. Default: the site's first. */
  agent?: string;
  /** What the agent is told about page and visitor: up to 32 keys. The site says which keys a page may set. */
  metadata?: Record<string, unknown>;
  /** Signed by the site's own backend: locks settings, carries trusted metadata, says who the visitor is. */
  grant?: string;
  /** Gives a grant for the page's session, when there is none or it has expired. Same origin as the page. */
  grantUrl?: string;
  /** Language code of the call, such as `hi`. */
  primaryLanguage?: string;
  /** Language code to fall back to, such as `en`. */
  secondaryLanguage?: string;
  /** `male` or `female`. */
  voiceGender?: "male" | "female";
  /** 0.6 to 1.4. */
  voiceSpeed?: number;
  /** What the agent says first; at most 500 characters. */
  welcomeMessage?: string;
  /** Whether the visitor may talk over the greeting. */
  welcomeInterruptible?: boolean;
  /** Whether there is background noise. */
  bgNoiseEnabled?: boolean;
  /** 0 to 100. */
  bgNoiseVolume?: number;
  /** Text of the button. Default: “Talk to agent”, in the visitor's language. */
  label?: string;
  /** `bottom-right`, `bottom-left`, `top-right`, `top-left`, or `inline`: where the element stands. Default: `bottom-right`. */
  position?: "bottom-right" | "bottom-left" | "top-right" | "top-left" | "inline";
  /** `button` (becomes a bar in a call), `compact` (round; opens a card), or `none`: nothing is drawn, the page has its own. Default: `button`. */
  variant?: "button" | "compact" | "none";
  /** `auto` (as the visitor's system), `light` or `dark`. Default: `auto`. */
  theme?: "auto" | "light" | "dark";
  /** A color as CSS has it: a name, `#rrggbb`, `rgb()`, `var()` … Text on it is black or white, whichever is easier to read. Default: `#2f55e8`. */
  accentColor?: string;
  /** Which of the page's layers it lies on. Default: 2147483000. */
  zIndex?: number;
  /** Pixels from the window's side. Default: 20. */
  offsetX?: number;
  /** Pixels from the window's bottom or top. Default: 20. */
  offsetY?: number;
  /** Language of the texts, such as `ta`, or `auto`: the page's, else the browser's. Default: `auto`. */
  locale?: string;
  /** Address of the agent's picture. */
  avatar?: string;
  /** Whether both sides are shown as text. Default: on. */
  transcript?: boolean;
  /** Whether the visitor may type, beside the voice or instead of it. Default: on. */
  textInput?: boolean;
  /** Whether the visitor is asked how it was, when a call has ended. Default: off. */
  feedback?: boolean;
  /** Where to go when no call can be had: a page, or a `tel:` or `mailto:` address. */
  fallbackUrl?: string;
  /** Any text of the widget by its key, in any language: `{"en": {"ai_notice": "…"}}`. */
  texts?: Record<string, unknown>;
  // end
}

// states: made by docs/types.py
export type VaaniState =
  | "idle"
  | "asking"
  | "connecting"
  | "waiting"
  | "listening"
  | "thinking"
  | "speaking"
  | "reconnecting"
  | "ended"
  | "failed";
// end

// reasons: made by docs/types.py
export type VaaniEndReason =
  | "visitor"
  | "agent"
  | "time_limit"
  | "agent_absent"
  | "network"
  | "page_left"
  | "error";
// end

// codes: made by docs/types.py
export type VaaniBrowserCode =
  | "mic_denied"
  | "mic_missing"
  | "mic_busy"
  | "mic_blocked"
  | "insecure_context"
  | "unsupported"
  | "load_failed"
  | "agent_absent"
  | "network_lost"
  | "autoplay_blocked";
// end

/** The server has more than the browser's own, and both may get new ones. */
export type VaaniCode = VaaniBrowserCode | (string & {});

/** What `start()` and `open()` reject with. */
export interface VaaniProblem {
  code: VaaniCode;
  detail?: string;
  retryable?: boolean;
  /** Seconds. */
  retry_after?: number;
  /** Whether the call has cost anything. */
  spent?: "no" | "yes" | "unknown";
}

export interface VaaniBeforeCall {
  /** Holds the call up to 5 s for what the promise gives; where it rejects, there is no call. */
  waitUntil(promise: PromiseLike<{ grant?: string; metadata?: Record<string, unknown> } | undefined | void>): void;
}

export interface VaaniChallenge {
  challenge: { kind: string; [name: string]: unknown };
  /** Gives the solution. */
  waitUntil(promise: PromiseLike<string>): void;
}

/** All events bubble, and leave every shadow root. Ignore what you do not know: later versions may have more. */
export interface VaaniWidgetEventMap {
  "vaani-ready": CustomEvent<null>;
  "vaani-open": CustomEvent<null>;
  "vaani-close": CustomEvent<null>;
  /** `preventDefault()` stops the call. */
  "vaani-before-call": CustomEvent<VaaniBeforeCall>;
  "vaani-call-start": CustomEvent<unknown>;
  /** Only for kinds of your own. */
  "vaani-challenge": CustomEvent<VaaniChallenge>;
  "vaani-call-connected": CustomEvent<{ callId: string }>;
  "vaani-state": CustomEvent<{ state: VaaniState; previous: VaaniState }>;
  /** The same `id` replaces what it said before. */
  "vaani-transcript": CustomEvent<{ id: string; role: "agent" | "visitor"; text: string; final: boolean }>;
  "vaani-call-end": CustomEvent<{ callId: string; reason: VaaniEndReason; durationSeconds: number }>;
  "vaani-error": CustomEvent<{ code: VaaniCode; fatal: boolean }>;
}

/** Gets the agent's input, gives the answer. */
export type VaaniToolHandler = (input: unknown) => unknown;

export interface VaaniWidgetMethods {
  /** Call it inside a click. Resolves at `vaani-call-connected`, rejects with a {@link VaaniProblem}. */
  start(): Promise<void>;
  /** A call in writing, which asks for no microphone. It is there when the panel is: after `await open()`. */
  startText(): Promise<void>;
  /** Hangs up. */
  end(): Promise<void>;
  /** Shows the panel; never asks for the microphone. */
  open(): Promise<void>;
  /** Makes the panel small and keeps the call. */
  close(): Promise<void>;
  mute(on: boolean): Promise<void>;
  sendText(text: string): Promise<void>;
  /** For the next call. */
  setMetadata(metadata: Record<string, unknown>): Promise<void>;
  registerTool(name: string, handler: VaaniToolHandler): Promise<void>;
}

/** The properties that go with the attributes; `null` takes the attribute away. */
type Properties = { [Name in keyof VaaniWidgetAttributes]-?: Exclude<VaaniWidgetAttributes[Name], undefined> | null };

export interface VaaniWidgetElement extends HTMLElement, Properties, VaaniWidgetMethods {
  addEventListener<Name extends keyof VaaniWidgetEventMap>(
    type: Name,
    listener: (this: VaaniWidgetElement, event: VaaniWidgetEventMap[Name]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener<Name extends keyof HTMLElementEventMap>(
    type: Name,
    listener: (this: VaaniWidgetElement, event: HTMLElementEventMap[Name]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<Name extends keyof VaaniWidgetEventMap>(
    type: Name,
    listener: (this: VaaniWidgetElement, event: VaaniWidgetEventMap[Name]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener<Name extends keyof HTMLElementEventMap>(
    type: Name,
    listener: (this: VaaniWidgetElement, event: HTMLElementEventMap[Name]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | EventListenerOptions): void;
}

/** `VaaniWidget("start")`: the element's methods, before and after the script has come. */
export interface VaaniWidgetCommand {
  /** Returns a function that unsubscribes. */
  <Name extends keyof VaaniWidgetEventMap>(
    command: "on",
    name: Name,
    listener: (event: VaaniWidgetEventMap[Name]) => void,
  ): (() => void) | number | void;
  <Name extends keyof VaaniWidgetEventMap>(
    command: "off",
    name: Name,
    listener: (event: VaaniWidgetEventMap[Name]) => void,
  ): void;
  <Name extends keyof VaaniWidgetMethods>(
    command: Name,
    ...given: Parameters<VaaniWidgetMethods[Name]>
  ): ReturnType<VaaniWidgetMethods[Name]> | number | void;
  /** What was commanded before the script came. */
  q?: { push(given: IArguments): unknown };
}

/**
 * Attributes as written in markup. Objects are written as JSON: a framework that draws before the script has come would
 * write `[object Object]`.
 */
export type VaaniWidgetMarkup = {
  [Name in keyof VaaniWidgetAttributes as Hyphened<Name>]?: Written<NonNullable<VaaniWidgetAttributes[Name]>> | undefined;
};

type Written<Value> = Value extends boolean ? Value | "" | "true" | "false"
  : Value extends number ? Value | `${number}`
  : Value extends string ? Value
  : string;

type Hyphened<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? Rest extends Uncapitalize<Rest>
    ? `${Lowercase<First>}${Hyphened<Rest>}`
    : `${Lowercase<First>}-${Hyphened<Rest>}`
  : Name;

declare global {
  interface HTMLElementTagNameMap {
    "vaani-widget": VaaniWidgetElement;
  }
  /** They bubble, so document and window hear them. */
  interface DocumentEventMap extends VaaniWidgetEventMap {}
  interface WindowEventMap extends VaaniWidgetEventMap {}
  interface Window {
    VaaniWidget?: VaaniWidgetCommand;
  }
}
