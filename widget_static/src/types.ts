/** What the loader and the chunks it fetches later agree on. Types only: they cost no byte. */

export type State =
  | "idle" | "asking" | "connecting" | "waiting" | "listening"
  | "thinking" | "speaking" | "reconnecting" | "ended" | "failed";

/** As the agent says; `waiting` while it is not ready. */
export type AgentState = "waiting" | "listening" | "thinking" | "speaking";

export type EndReason =
  | "visitor" | "agent" | "time_limit" | "agent_absent" | "network" | "page_left" | "error";

/** Codes of the browser's own; the server's codes travel as they come. */
export type BrowserCode =
  | "mic_denied" | "mic_missing" | "mic_busy" | "mic_blocked" | "insecure_context" | "unsupported"
  | "load_failed" | "agent_absent" | "network_lost" | "autoplay_blocked";

/** `site` of the site token's answer, and what `/sites/{site}/widget.js` carries in itself. */
export interface SiteInfo {
  key: string;
  name: string;
  look: Record<string, string | number | boolean>;
  text: Record<string, Record<string, string>>;
  consent: { version: string; text: string } | null;
  page_may_set: string[];
  /** Of the conversation, for the visitor to choose from; the first is the default. */
  languages?: string[];
  /** It has a call page. */
  share?: boolean;
}

export interface SiteToken {
  site_token: string;
  /** Seconds. */
  expires_in: number;
  site: SiteInfo;
  challenge?: Challenge;
  /** `Date.now()` when it was asked for, which no sleep of the machine holds up as it does `performance.now()`. */
  at: number;
}

/** Work or a riddle that stands before the call, for visitors whom nobody vouches for. */
export interface Challenge {
  /** Who solves it: `altcha` is ours, any other is the page's. */
  kind: string;
  [name: string]: unknown;
}

/** 201 of `POST /v1/calls`. */
export interface StartedCall {
  call_id: string;
  token: string;
  room_name: string;
  agent_name: string;
  connection_url: string;
  live_captions_url: string | null;
  call_token: string;
  max_seconds: number;
  ignored: string[];
}

/** An answer `application/problem+json`, or what the browser made of a failure. */
export interface Problem {
  code: string;
  detail?: string;
  retryable?: boolean;
  retry_after?: number;
  spent?: "no" | "yes" | "unknown";
  challenge?: Challenge;
}

/** What has to be begun inside the click itself, so that the browser allows it. */
export interface Gesture {
  /**
   * Rejects with the browser's own DOMException. Absent where the visitor may have to agree to something first: the call
   * asks for it then.
   */
  microphone?: Promise<MediaStream> | undefined;
  /** The visitor types: no microphone is asked for. */
  written?: boolean;
  audioContext: AudioContext;
  /** Detached, playsinline, already told to play. */
  audio: HTMLAudioElement;
  /** The call's next step is due within these milliseconds: the launcher shows it until then. */
  hold?: (milliseconds: number) => void;
  /** What `vaani-before-call` listeners promised, after 5 s at most; rejects with a {@link Problem} where one says no. */
  before: Promise<{ grant?: string; metadata?: Record<string, unknown> }>;
}

/** Of the launcher. */
export type Face = "idle" | "busy" | "call" | "dismissed";

/** The `<vaani-widget>` element, as the chunks see it. */
export interface Widget extends HTMLElement {
  /** The blueprint's base, such as `https://host/vaani`, without a slash at its end. */
  readonly api: string;
  /**
   * `label`, `theme` …: the attributes' names in camelCase. The attribute, else the site's look, else the default, else
   * undefined. Text that can't be read as its attribute's type stands as it is.
   */
  readonly options: Readonly<Record<string, unknown>>;
  /** Call settings that this page sets, by the names of the API (`voice_gender`). */
  readonly callSettings: Readonly<Record<string, unknown>>;
  /** The page's metadata for the next call. */
  metadata: Record<string, unknown> | null;
  /** BCP 47 of the button's text, in lower case, such as `en` or `pt-br`. */
  readonly language: string;
  /** BCP 47 of the panel's texts: also one that only the server's answer has told of. */
  readonly spoken: string;
  /** How the panel's texts are written. */
  readonly direction: "ltr" | "rtl";
  /** What is known of the site so far: of the loader's own, or of the last site token. (`site` is the attribute.) */
  readonly siteInfo: SiteInfo | null;
  /**
   * A site token that still has time to live. Each is handed out once, since it starts at most one call. Whoever keeps
   * it for long looks at its `at` before it is spent.
   *
   * @throws {Problem} `load_failed` where the server could not be reached or made no sense.
   */
  siteToken(options?: { fresh?: boolean; grant?: string }): Promise<SiteToken>;
  /** Dispatches a bubbling, composed event; false where a listener prevented it. */
  emit(name: string, detail?: unknown, cancelable?: boolean): boolean;
  /** Where the panel is drawn, inside the open shadow root. */
  readonly stage: HTMLElement;
  /** How the launcher shows the call: `idle` is the button; `busy` the button working; `call` hides it for the panel. */
  face(face: Face): void;
  /** The site's key. */
  readonly siteKey: string;
  /** What a loader that carries this site in itself knows of it. */
  readonly known: SiteInfo | undefined;
  /** A site token's request that the loader began, for `siteToken()` to read. */
  early: Promise<Response> | undefined;
  /** `Date.now()` when `early` was begun. */
  asked: number | undefined;
  /** Says why no call can be had here at all. Rejects. */
  refuse(): Promise<void>;
  /** Goes on with a call that a click has begun. */
  proceed(
    gesture: Omit<Gesture, "before">,
    promised: readonly unknown[],
    room: Promise<RoomModule>,
  ): Promise<void>;
  open(): Promise<void>;
  close(): Promise<void>;
  end(): Promise<void>;
  mute(on: boolean): Promise<void>;
  sendText(text: string): Promise<void>;
  setMetadata(metadata: Record<string, unknown>): Promise<void>;
  registerTool(name: string, handler: ToolHandler): Promise<void>;
  /** A call in writing, without a microphone. The running call goes on in writing where it still waits for one. */
  startText(): Promise<void>;
  /** What a click on the launcher does; the panel's own buttons ("Try again") call it inside their click. */
  start(): Promise<void>;
}

/** What the panel chunk exports. The call belongs to this module, not to an element. */
export interface PanelModule {
  /** Draws the panel; never asks for the microphone. */
  open(widget: Widget): Promise<void>;
  /** Makes it small and keeps the call. */
  close(widget: Widget): void;
  /** Resolves at `vaani-call-connected`, rejects with a {@link Problem}. */
  start(widget: Widget, gesture: Gesture, room: Promise<RoomModule>): Promise<void>;
  /** Says what can be known before anything is asked or minted (`insecure_context`, `unsupported`, …). */
  fail(widget: Widget, problem: Problem): void;
  /** The running call's element has left the page, or an element has come: keep the panel on the page. */
  attached(widget: Widget): void;
  detached(widget: Widget): void;
  end(): Promise<void>;
  mute(on: boolean): void;
  sendText(text: string): Promise<void>;
  setMetadata(metadata: Record<string, unknown>): void;
  registerTool(name: string, handler: ToolHandler): void;
  /** The element whose call is running, if one is. */
  readonly running: Widget | null;
  /** The module that the page's one call belongs to: itself, unless another copy of it has come before. */
  readonly first: PanelModule;
}

export type ToolHandler = (input: unknown) => unknown | Promise<unknown>;

/** What the chunk with ALTCHA's solver exports. */
export interface SolverModule {
  /** @throws {Problem} `challenge_failed` where there is no solution; the signal's reason where it was aborted. */
  solve(challenge: Challenge, signal: AbortSignal): Promise<string>;
}

/** What the LiveKit chunk exports. `livekit-client` is imported in that one file only. */
export interface RoomModule {
  join(options: JoinOptions): Promise<Connection>;
  /** Waits for this tab's turn to have a call. */
  turn?(signal: AbortSignal, ask: () => Promise<void>, lost: () => void, told: () => unknown): Promise<void>;
}

export interface JoinOptions {
  /** What is no call's is made ready until this has come. */
  call: Promise<Pick<StartedCall, "connection_url" | "token">>;
  /** Undefined where the visitor only types. */
  microphone: MediaStreamTrack | undefined;
  audioContext: AudioContext;
  audio: HTMLAudioElement;
  /** What the page lets the agent ask, so far. A panel from before an upgrade does not say. */
  tools?: ReadonlyMap<string, ToolHandler>;
  /** Resolves where the visitor is asked for consent after all, while the call is asked for. */
  asked?: Promise<void>;
  /** Whether the page wants nothing to be heard. Followed until the first {@link Connection.mute}, which is due at once. */
  muted?: { peek(): boolean; subscribe(tell: () => void): () => void };
  /** Aborted when the visitor hangs up before the room is joined. */
  signal: AbortSignal;
  on: RoomListener;
}

/** What one side has said or written so far. The same id replaces. */
export interface Segment {
  id: string;
  role: "agent" | "visitor";
  text: string;
  final: boolean;
  /** It was written: there is no voice that says it. */
  typed?: boolean;
}

export interface RoomListener {
  /** The agent has come, or gone. */
  agent(present: boolean): void;
  agentState(state: AgentState): void;
  transcript(segment: Segment): void;
  reconnecting(active: boolean): void;
  /** The microphone was muted or opened, also when a device that went away could not be taken up again. */
  muted(muted: boolean): void;
  /** The browser refuses to play sound until it is tapped. */
  soundBlocked(blocked: boolean): void;
  /** The room is gone: the server closed it, or the network did not come back. */
  gone(reason: "closed" | "network"): void;
}

/** What is sent, whichever device stands behind it at the moment. */
export interface Microphone {
  readonly mediaStreamTrack: MediaStreamTrack;
  readonly isMuted: boolean;
  /** Goes over to another device; a muted one at the next unmute. Rejects where none can be had: nothing is sent then. */
  setDeviceId(id: ConstrainDOMString): Promise<boolean>;
  restartTrack(): Promise<void>;
}

export interface Connection {
  /** Undefined where the visitor only types. */
  readonly microphone: Microphone | undefined;
  mute(on: boolean): Promise<void>;
  /** 0 to 1, of the visitor's microphone and of the agent's voice, for drawing. */
  levels(): { visitor: number; agent: number };
  sendText(text: string): Promise<void>;
  playSound(): Promise<void>;
  registerTool(name: string, handler: ToolHandler): void;
  leave(): Promise<void>;
}
