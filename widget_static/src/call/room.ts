/** The voice room. The only file that knows livekit-client. */

import {
  DisconnectReason,
  LocalAudioTrack,
  type LocalTrack,
  LoggerNames,
  type RemoteParticipant,
  Room,
  RoomEvent,
  RpcError,
  type TextStreamReader,
  Track,
  TrackEvent,
  getLogger,
} from "livekit-client";

import type { AgentState, Connection, JoinOptions, RoomListener, ToolHandler } from "../types";
import { Meter } from "./meter";
import { answer } from "./tool";
import { warm } from "./warm";

export { turn } from "./turn";

/** A segment longer than this is cut: nobody reads it, and it would fill the page's memory. */
const LONGEST_SEGMENT = 20_000;

const AGENT_STATES: Readonly<Record<string, AgentState>> = {
  initializing: "waiting",
  thinking: "thinking",
  speaking: "speaking",
};

/** Reasons that say that the other side is done, not that the way there broke. */
const CLOSED = new Set<DisconnectReason | undefined>([
  DisconnectReason.ROOM_DELETED,
  DisconnectReason.ROOM_CLOSED,
  DisconnectReason.PARTICIPANT_REMOVED,
  DisconnectReason.SERVER_SHUTDOWN,
  DisconnectReason.AGENT_ERROR,
]);

// The console belongs to the page. `setLogLevel` would write into the page's localStorage.
getLogger(LoggerNames.Default).setDefaultLevel("silent");

// Not in the task that the chunk itself takes.
setTimeout(warm);

/** livekit-client listens for silence twice while a call begins, each time with an AudioContext of its own. */
class MicrophoneTrack extends LocalAudioTrack {
  override checkForSilence(): Promise<boolean> {
    return Promise.resolve(false);
  }
}

/**
 * Joins the room and publishes the microphone, if there is one.
 *
 * @throws whatever livekit-client says when the room can't be joined; nothing is left running then.
 */
export async function join(options: JoinOptions): Promise<Connection> {
  const { audio, audioContext, signal, on } = options;
  // In a task of its own, so that the request for the call is on its way before.
  await new Promise((next) => setTimeout(next));
  // Leaving on `beforeunload`, livekit-client's default, would hang up at a click on `tel:`.
  // It attaches no sound to an element, so our AudioContext mixes nothing: it only saves one of livekit-client's own.
  const room = new Room({ disconnectOnPageLeave: false, webAudioMix: { audioContext } });
  // "Not provided by the user" makes livekit-client take up a device that ended again.
  const microphone = options.microphone && new MicrophoneTrack(options.microphone, undefined, false);
  if (microphone) microphone.source = Track.Source.Microphone;

  const visitorMeter = new Meter(audioContext);
  const agentMeter = new Meter(audioContext);
  const listen = () => visitorMeter.follow(microphone ? [microphone.mediaStreamTrack] : []);
  listen();
  microphone?.on(TrackEvent.Restarted, listen);

  const playSound = async () => {
    try {
      await audio.play();
      on.soundBlocked(false);
    } catch (error) {
      // Another `play` or a track that ended interrupts this one: only a refusal is the visitor's concern.
      if ((error as DOMException).name === "NotAllowedError") on.soundBlocked(true);
    }
  };

  // The browser notices within seconds that nothing comes through; livekit-client only when the way is given up.
  let rejoining = false;
  const lost = new Set<RTCIceTransport>();
  const tellOfWay = () => on.reconnecting(rejoining || lost.size > 0);
  const watch = (end?: RTCRtpSender | RTCRtpReceiver) => {
    const way = end?.transport?.iceTransport;
    if (!way) return;
    way.onstatechange = () => {
      if (/^(disc|fail)/.test(way.state)) lost.add(way);
      else lost.delete(way);
      tellOfWay();
    };
  };
  const rejoin = (active: boolean) => {
    rejoining = active;
    // A new way may have come for the old one.
    if (!active) lost.clear();
    watch(microphone?.sender);
    tellOfWay();
  };

  const hear = () => {
    const heard = [...room.remoteParticipants.values()]
      .flatMap((participant) => [...participant.audioTrackPublications.values()])
      .flatMap((publication) => publication.track ?? []);
    for (const { receiver } of heard) watch(receiver);
    const tracks = heard.map(({ mediaStreamTrack }) => mediaStreamTrack);
    // One element for all: it was told to play inside the visitor's click, a new one may be refused.
    audio.srcObject = tracks.length ? new MediaStream(tracks) : null;
    if (tracks.length) void playSound();
    agentMeter.follow(tracks);
  };

  const look = () => {
    const agent = agentOf(room);
    on.agent(!!agent);
    if (!agent) return;
    const state = agent.attributes["lk.agent.state"] ?? (agent.isSpeaking ? "speaking" : "");
    on.agentState(AGENT_STATES[state] ?? "listening");
  };

  let left = false;
  const registerTool = (name: string, handler: ToolHandler) => {
    room.unregisterRpcMethod(name);
    room.registerRpcMethod(name, async (question) => {
      const given = answer(handler, question, (code, message) => new RpcError(code, message));
      await given.catch(() => {});
      // An answer to nobody would be an error of the page's that nobody handles.
      return left ? new Promise<never>(() => {}) : given;
    });
  };
  // Before the room is joined: an agent may ask as soon as it sees the visitor.
  for (const [name, handler] of options.tools ?? []) registerTool(name, handler);

  // What the visitor says from now on is for the agent, who hears it once it is there. It ends by itself after 10 s.
  let recorded = true;
  /** Nothing of a microphone that the page has muted, or muted meanwhile, is kept or leaves. */
  const record = () => {
    if (!microphone) return;
    const muted = !!options.muted?.peek();
    // LiveKit's own mute is told to nobody before the track is published.
    microphone.mediaStreamTrack.enabled = !muted;
    if (muted || !recorded) microphone.stopPreConnectBuffer();
    else if (!microphone.hasPreConnectBuffer) microphone.startPreConnectBuffer();
  };
  // But for what is said while they are asked for consent.
  void options.asked?.then(() => {
    recorded = false;
    record();
  });
  let unfollow: (() => void) | undefined;

  const leave = async () => {
    left = true;
    unfollow?.();
    room.removeAllListeners();
    visitorMeter.stop();
    agentMeter.stop();
    audio.srcObject = null;
    microphone?.stopPreConnectBuffer();
    microphone?.stop();
    await room.disconnect();
  };

  signal.addEventListener("abort", leave);

  room
    .on(RoomEvent.ParticipantConnected, look)
    .on(RoomEvent.ParticipantDisconnected, look)
    .on(RoomEvent.ParticipantAttributesChanged, look)
    .on(RoomEvent.ActiveSpeakersChanged, look)
    .on(RoomEvent.TrackSubscribed, () => (hear(), look()))
    .on(RoomEvent.TrackUnsubscribed, () => (hear(), look()))
    .on(RoomEvent.SignalReconnecting, () => rejoin(true))
    .on(RoomEvent.Reconnecting, () => rejoin(true))
    .on(RoomEvent.Reconnected, () => {
      rejoin(false);
      look();
    })
    .on(RoomEvent.TrackMuted, (_, participant) => participant.isLocal && on.muted(true))
    .on(RoomEvent.TrackUnmuted, (_, participant) => participant.isLocal && on.muted(false))
    .on(RoomEvent.Disconnected, (reason) => on.gone(CLOSED.has(reason) ? "closed" : "network"))
    .registerTextStreamHandler("lk.transcription", (reader, from) => void read(room, reader, from.identity, on));
  room.registerTextStreamHandler("lk.chat", (reader, from) => void read(room, reader, from.identity, on));

  try {
    record();
    unfollow = options.muted?.subscribe(record);
    const { connection_url: url, token } = await options.call;
    signal.throwIfAborted();
    recorded = true;
    record();
    await room.connect(url, token);
    if (microphone) {
      if (options.muted?.peek()) await microphone.mute();
      // Whether there is a recording is told with the track: one that begins later is nobody's.
      recorded = false;
      await room.localParticipant.publishTrack(microphone as LocalTrack);
    }
    watch(microphone?.sender);
    signal.throwIfAborted();
  } catch (error) {
    await leave();
    throw error;
  } finally {
    signal.removeEventListener("abort", leave);
  }
  look();

  return {
    microphone,
    async mute(muted) {
      unfollow?.();
      await (muted ? microphone?.mute() : microphone?.unmute());
    },
    levels: () => ({
      visitor: !microphone || microphone.isMuted ? 0 : visitorMeter.level(),
      agent: agentMeter.level(),
    }),
    async sendText(text) {
      // livekit-client's own name for a stream is one that only a secure page can make.
      const streamId = crypto.getRandomValues(new Uint32Array(4)).join("-");
      const writer = await room.localParticipant.streamText({ topic: "lk.chat", streamId });
      await writer.write(text);
      await writer.close();
    },
    async playSound() {
      await Promise.all([audioContext.resume(), playSound()]);
    },
    registerTool,
    leave,
  };
}

/**
 * The agent, else whoever else speaks in the room: an agent that was not marked as one, or the person it handed over to.
 */
function agentOf(room: Room): RemoteParticipant | undefined {
  const others = [...room.remoteParticipants.values()];
  return (
    // An avatar is an agent, too, but only lends its face to the one that thinks.
    others.find((other) => other.isAgent && !other.attributes["lk.publish_on_behalf"]) ??
    others.find((other) => other.audioTrackPublications.size)
  );
}

/** Reads one stream of one segment. The agent's come in pieces; the visitor's come whole, each replacing the last. */
async function read(room: Room, reader: TextStreamReader, sender: string, on: RoomListener): Promise<void> {
  const attributes = () => reader.info.attributes ?? {};
  const isFinal = () => attributes()["lk.transcription_final"] !== "false";
  const id = attributes()["lk.segment_id"] ?? reader.info.id;
  const track = attributes()["lk.transcribed_track_id"];
  const owner = [room.localParticipant, ...room.remoteParticipants.values()].find(
    (participant) => track && participant.trackPublications.has(track),
  );
  const local = room.localParticipant.identity;
  const role = (owner?.identity ?? sender) === local ? "visitor" : "agent";

  // The agent's voice says what belongs to a track of its own; the rest it has written.
  const typed = !track && role === "agent";

  let text = "";
  let told = false;
  const tell = (final: boolean) => {
    told = final;
    if (text) on.transcript({ id, role, text, final, ...(typed && { typed }) });
  };
  try {
    for await (const piece of reader) {
      text = (text + piece).slice(0, LONGEST_SEGMENT);
      tell(attributes()["lk.transcription_final"] === "true");
    }
    // The trailer of a stream in pieces says that the segment is complete.
    if (!told && isFinal()) tell(true);
  } catch {
    tell(true); // Cut off in the middle: what has come is all there will be.
  }
}
