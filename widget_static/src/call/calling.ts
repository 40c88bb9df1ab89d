/** One call of the page: what it asks for, in which order, and how all of it is closed. */

import type {
  Connection, EndReason, Gesture, Microphone, Problem, RoomListener, RoomModule, Segment, SiteInfo, SiteToken, StartedCall, ToolHandler, Widget,
} from "../types";
import { progress } from "./api";
import { solution } from "./challenge";
import { agree, agreed } from "./consent";
import { follow } from "./course";
import { microphoneOf, release, releaseMicrophone } from "./gesture";
import * as model from "./model";
import { CANCELLED, failedToLoad, isProblem, notJoined } from "./problems";
import { firstToken, spend } from "./spend";

export type Sound = Pick<Gesture, "audio" | "audioContext"> & { microphone: Microphone | undefined };

/** What the page has said for its calls: the running one, and those to come. */
export const tools = new Map<string, ToolHandler>();
let metadata: Record<string, unknown> = {};
export let current: Call | null = null;
/** The call that was started last, for what its visitor thinks of it. */
export let last: { widget: Widget; started: StartedCall } | undefined;

/** Starts a call. A second one while it runs is the same one. Resolves when the room is joined; rejects with a Problem. */
export function start(widget: Widget, gesture: Gesture, room: Promise<RoomModule>): Promise<void> {
  if (current) {
    release(gesture);
    return current.joined;
  }
  current = new Call(gesture);
  return current.begin(widget, room);
}

/** For the next call. */
export function setMetadata(given: Record<string, unknown>): void {
  metadata = { ...metadata, ...given };
}

class Call {
  joined!: Promise<void>;
  connection: Connection | null = null;
  readonly #gesture: Gesture;
  readonly #over = new AbortController();
  readonly #course = follow(this.#over.signal, (reason, problem) => this.finish(reason, problem));
  #started: StartedCall | null = null;
  #typed = 0;
  /** Resolves when the server knows of the end, or cannot be told. */
  #told: Promise<unknown> | undefined;
  #asking?: () => void;
  /** Resolves where the visitor would rather type. */
  readonly #writes: Promise<undefined>;
  write!: () => void;

  constructor(gesture: Gesture) {
    this.#gesture = gesture;
    this.#writes = new Promise((resolve) => {
      this.write = () => {
        if (!gesture.written && model.state.peek() !== "asking") return;
        model.written.value = true;
        // Also one that is granted only later.
        releaseMicrophone(gesture);
        resolve(undefined);
      };
    });
    if (gesture.written) this.write();
    model.silent.value = gesture.audio.muted;
  }

  get sound(): Sound {
    const { audio, audioContext } = this.#gesture;
    return { audio, audioContext, microphone: this.connection?.microphone };
  }

  begin(widget: Widget, room: Promise<RoomModule>): Promise<void> {
    const { signal } = this.#over;
    addEventListener("pagehide", () => this.finish("page_left"), { signal });
    widget.emit("vaani-call-start");
    model.change("asking");
    this.joined = this.#run(widget, room);
    this.joined.catch(() => {}); // Whoever asked hears of it; nobody has to.
    return this.joined;
  }

  async #run(widget: Widget, room: Promise<RoomModule>): Promise<void> {
    try {
      const { site, token } = firstToken(widget, this.#gesture.before);
      const willing = site.then((known) => this.#agree(widget, known));
      // What the server wants to have worked out is worked out while the visitor answers the microphone's prompt.
      const { signal } = this.#over;
      willing.then(() => token).then(({ challenge }) => challenge && solution(widget, challenge, signal)).catch(() => {});
      // The owner's text comes before the prompt, unless nothing is known to be asked.
      if (!this.#gesture.microphone) await this.#unlessOver(willing);
      model.prompting.value = !model.written.peek();
      const spoken = model.written.peek() ? this.#writes : microphoneOf(this.#gesture);
      const answered = this.#unlessOver(Promise.all([Promise.race([spoken, this.#writes]), willing]));
      answered.then(() => model.change("connecting"), () => {});
      // Whose turn it is, is found out while the visitor answers. Nothing is spent before all of it has come.
      const ready = room.catch(failedToLoad).then(async ({ join, turn }) => {
        await turn?.(signal, () => answered.then(() => this.#ask()), () => this.finish("visitor"), () => this.#told);
        return join;
      });
      const [[microphone], join, before] = await this.#unlessOver(Promise.all([answered, ready, this.#gesture.before]));
      const starting = (this.#told = this.#start(widget, token, before));
      this.#gesture.hold!(80);
      // Where the call was refused, that comes first.
      const [started, connection] = await this.#unlessOver(Promise.all([
        starting,
        join({
          call: starting,
          microphone: model.written.peek() ? undefined : microphone,
          audioContext: this.#gesture.audioContext,
          audio: this.#gesture.audio,
          tools,
          asked: new Promise((resolve) => (this.#asking = resolve)),
          muted: model.muted,
          signal,
          on: this.#listener(),
        }).catch(notJoined),
      ]));
      this.connection = connection;
      this.#connected(widget, started);
    } catch (thrown) {
      const problem = isProblem(thrown) ? thrown : { code: "internal_error" };
      if (problem !== thrown) console.error(thrown);
      if (problem.code === CANCELLED.code) this.finish("visitor");
      else this.finish("error", problem);
      throw problem;
    }
  }

  /** What the visitor has not agreed to yet is asked, with everything else waiting. */
  async #agree(widget: Widget, site: SiteInfo): Promise<void> {
    model.site.value = site;
    if (!site.consent || agreed(widget, site)) return;
    await this.#ask(site.consent.text);
    agree(widget, site);
  }

  /** What has to be answered before the call goes on: the owner's text, or that another tab has a call. */
  async #ask(text?: string): Promise<void> {
    const state = model.state.peek();
    model.change("asking");
    this.#asking?.();
    const agrees = await this.#unlessOver(
      new Promise<boolean>((answer) => {
        model.terms.value = { text, answer };
      }),
    );
    model.terms.value = null;
    if (!agrees) throw CANCELLED;
    // This click, too, lets sound play later, also where a page has begun the call by itself.
    this.#gesture.audioContext.resume().catch(() => {});
    this.#gesture.audio.play().catch(() => {});
    model.change(state);
  }

  async #start(widget: Widget, token: Promise<SiteToken>, before: Awaited<Gesture["before"]>): Promise<StartedCall> {
    const wishes = {
      grant: before.grant,
      settings: widget.callSettings,
      metadata: { ...widget.metadata, ...metadata, ...before.metadata },
    };
    const started = await spend(widget, token, wishes, {
      agree: (site) => this.#agree(widget, site),
      signal: this.#over.signal,
    });
    if (this.#over.signal.aborted) {
      // The visitor hung up while the answer was on its way: its line is given back.
      await progress(widget, started, { event: "ended", reason: "visitor" });
    } else {
      this.#gesture.hold!(700);
      if (started.ignored?.length) {
        console.warn(`vaani-widget: this site does not let a page set ${started.ignored.join(", ")}.`);
      }
      this.#started = started;
      last = { widget, started };
      model.callId.value = started.call_id;
    }
    return started;
  }

  #connected(widget: Widget, started: StartedCall): void {
    this.#course.begin(started.max_seconds);
    model.joined.value = true;
    for (const [name, handler] of tools) this.connection?.registerTool(name, handler);
    // What the page has said meanwhile is LiveKit's to tell the agent from here on.
    this.mute(model.muted.peek());
    model.change("waiting");
    this.#tell("vaani-call-connected", { callId: started.call_id });
    void progress(widget, started, { event: "connected" });
    this.#course.look();
  }

  #listener(): RoomListener {
    return {
      ...this.#course.listener,
      transcript: (segment) => {
        // Told after `vaani-call-connected`, whatever came first over the wire.
        void this.joined.then(() => {
          if (this.#over.signal.aborted) return;
          this.#write(segment);
        }, () => {});
      },
      muted: (muted) => {
        if (muted && !model.muted.peek()) {
          model.microphoneLost.value = true;
          this.#tell("vaani-error", { code: "mic_missing", fatal: false });
        }
        if (!muted) model.microphoneLost.value = false;
        model.muted.value = muted;
      },
      soundBlocked: (blocked) => {
        if (blocked && !model.soundBlocked.peek()) this.#tell("vaani-error", { code: "autoplay_blocked", fatal: false });
        model.soundBlocked.value = blocked;
      },
    };
  }

  mute(on: boolean): void {
    model.muted.value = on;
    model.microphoneLost.value = false;
    this.connection?.mute(on).catch(() => {
      // The microphone is not to be had (again).
      model.muted.value = model.microphoneLost.value = true;
    });
  }

  async sendText(text: string): Promise<void> {
    if (!this.connection) return;
    await this.connection.sendText(text);
    // Nobody echoes what was typed.
    this.#write({ id: `typed-${++this.#typed}`, role: "visitor", text, final: true, typed: true });
  }

  #write(segment: Segment): void {
    model.write(segment);
    const { id, role, text, final } = segment;
    this.#tell("vaani-transcript", { id, role, text, final });
  }

  silence(on: boolean): void {
    model.silent.value = this.#gesture.audio.muted = on;
    if (!on) this.connection?.playSound().catch(() => {});
  }

  /** Ends the call; only the first time counts. Everything that was opened is closed. */
  finish(reason: EndReason, problem?: Problem): void {
    if (this.#over.signal.aborted) return;
    const home = model.home.peek();
    if (home && this.#started) this.#told = progress(home, this.#started, { event: "ended", reason });
    this.#over.abort(problem ?? CANCELLED);
    current = null;
    this.connection?.leave().catch(() => {});
    release(this.#gesture);

    model.seconds.value = Math.floor(this.#course.duration());
    model.problem.value = problem ?? null;
    model.reason.value = reason;
    model.microphoneLost.value = model.soundBlocked.value = false;
    model.terms.value = null;
    if (problem) this.#tell("vaani-error", { code: problem.code, fatal: true });
    // For the page's developer; what the visitor reads is in the panel.
    if (problem?.detail) console.warn(`vaani-widget: ${problem.code}: ${problem.detail}`);
    model.change(problem && !model.joined.peek() ? "failed" : "ended");
    this.#tell("vaani-call-end", {
      callId: this.#started?.call_id ?? null,
      reason,
      durationSeconds: Math.round(this.#course.duration()),
    });
  }

  #tell(name: string, detail: unknown): void {
    model.home.peek()?.emit(name, detail);
  }

  /** What is awaited when the visitor hangs up is of no more interest. */
  #unlessOver<Value>(promise: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      const { signal } = this.#over;
      const over = () => reject(signal.reason);
      if (signal.aborted) over();
      signal.addEventListener("abort", over);
      promise.then(resolve, reject);
    });
  }
}
