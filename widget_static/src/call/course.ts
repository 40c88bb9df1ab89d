/** How a call goes once its room is joined: where it stands, by what is known of network and agent, and since when. */

import type { EndReason, Problem, RoomListener, State } from "../types";
import * as model from "./model";

/** Milliseconds. */
const AGENT_COMES_WITHIN = 20_000;
/** An agent's process that is replaced in mid-call is back by then. */
const AGENT_RETURNS_WITHIN = 4_000;
/** From when livekit-client has noticed, up to 15 s after the fact. It would try for longer, with hanging attempts. */
const NETWORK_RETURNS_WITHIN = 30_000;

export interface Course {
  /** The room is joined. The call may last for these seconds; 0 where nobody said. */
  begin(seconds: number): void;
  /** Says where the call stands. */
  look(): void;
  /** Seconds since the room was joined; 0 before. */
  duration(): number;
  listener: Pick<RoomListener, "agent" | "agentState" | "reconnecting" | "gone">;
}

/**
 * @param over aborted when the call is over: nothing is followed any more.
 * @param finish ends the call.
 */
export function follow(over: AbortSignal, finish: (reason: EndReason, problem?: Problem) => void): Course {
  /** `performance.now()`; 0 before. */
  let joinedAt = 0;
  let here = false;
  let seen = false;
  let state: State = "waiting";
  let reconnecting = false;
  /** The browser notices sooner than livekit-client, but can be wrong: enough for a word, not for an end. */
  let offline = false;
  const timers = new Map<string, ReturnType<typeof setTimeout>>();

  /** A timer by name: runs on while its reason lasts, is forgotten when that goes. */
  const timer = (name: string, milliseconds: number, goes: unknown, reason: EndReason, problem?: Problem) => {
    if (!goes) {
      clearTimeout(timers.get(name));
      timers.delete(name);
    } else if (!timers.has(name)) {
      timers.set(name, setTimeout(() => finish(reason, problem), milliseconds));
    }
  };

  const duration = () => joinedAt && (performance.now() - joinedAt) / 1000;

  const look = () => {
    if (!joinedAt || over.aborted) return;
    if (reconnecting || offline) model.change("reconnecting");
    else model.change(here ? state : "waiting");

    timer("network", NETWORK_RETURNS_WITHIN, reconnecting, "network", { code: "network_lost" });
    // While the network is away nobody can tell whether the agent is.
    const missed = !here && !reconnecting;
    timer("return", AGENT_RETURNS_WITHIN, missed && seen, "agent");
    timer("absent", AGENT_COMES_WITHIN, missed && !seen, "agent_absent", { code: "agent_absent" });
  };

  for (const name of ["offline", "online"]) {
    addEventListener(name, () => {
      offline = name === "offline";
      look();
    }, { signal: over });
  }

  return {
    begin(seconds) {
      joinedAt = performance.now();
      const tick = setInterval(() => {
        model.seconds.value = Math.floor(duration());
      }, 500);
      over.addEventListener("abort", () => {
        clearInterval(tick);
        for (const timer of timers.values()) clearTimeout(timer);
      });
      timer("limit", seconds * 1000, seconds, "time_limit");
    },
    look,
    duration,
    listener: {
      agent(present) {
        here = present;
        seen ||= present;
        look();
      },
      agentState(next) {
        offline = false;
        state = next;
        look();
      },
      reconnecting(active) {
        reconnecting = active;
        look();
      },
      gone(why) {
        if (why === "network") finish("network", { code: "network_lost" });
        else if (seen) finish("agent");
        else finish("agent_absent", { code: "agent_absent" });
      },
    },
  };
}
