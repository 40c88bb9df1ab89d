"""The demo's agent: a worker on LiveKit's agents framework that obeys every call setting.

Run as a process: ``python -m vaani_widget.demo.agent``, with ``LIVEKIT_URL``, ``LIVEKIT_API_KEY`` and
``LIVEKIT_API_SECRET`` in its environment. What happens in its calls goes to standard output, a line of JSON
for each event: ``registered``, and for each ``room``: ``joined``, ``said``, ``heard``, ``visitor_left``,
``ended``. It needs no network but LiveKit's, no key of any other service, and fetches nothing.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import threading
import time
from collections.abc import AsyncIterable
from importlib.util import find_spec
from typing import Any, Final

from livekit import rtc
from livekit.agents import (
    Agent,
    AgentServer,
    AgentSession,
    AgentStateChangedEvent,
    ConversationItemAddedEvent,
    JobContext,
    JobExecutorType,
    JobProcess,
    JobRequest,
    ModelSettings,
    UserInputTranscribedEvent,
    llm,
    room_io,
)
from livekit.agents.inference import VAD
from livekit.agents.types import NOT_GIVEN

from .ears import SphinxSTT, ears
from .espeak import espeak
from .mind import CallSettings, Mind
from .noise import background_noise
from .vaani_api import DISPATCH_NAME
from .voice import EspeakTTS

HEARS: Final = find_spec("pocketsphinx") is not None
"""There is no PocketSphinx for Python 3.14 and later: without it the agent speaks and reads."""
RETURN_SECONDS: Final = 10.0
"""How long a visitor who was cut off is waited for."""

_printing = threading.Lock()


def tell(event: str, **more: object) -> None:
    """Write one event for whoever started this process. Sessions run in threads, so one line at a time."""
    line = json.dumps({"event": event, "at": time.time(), **more}, ensure_ascii=False)
    with _printing:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


class RuleLLM(llm.LLM[Any]):
    """Stands where a language model would, so that the framework answers as it does with one."""

    def chat(self, **_: Any) -> llm.LLMStream:  # noqa: ANN401
        raise NotImplementedError("DemoAgent.llm_node answers.")


class DemoAgent(Agent):
    """Answers by :class:`~vaani_widget.demo.mind.Mind`."""

    def __init__(self, mind: Mind, voice: EspeakTTS) -> None:
        super().__init__(instructions="", llm=RuleLLM())
        self._mind, self._speaker = mind, voice
        self.after = "stay"

    async def llm_node(
        self, chat_ctx: llm.ChatContext, tools: list[llm.Tool], model_settings: ModelSettings
    ) -> AsyncIterable[str]:
        asked = next((m for m in reversed(chat_ctx.messages()) if m.role == "user"), None)
        saying = self._mind.answer(asked.text_content or "" if asked else "")
        self._speaker.language, self.after = saying.language, saying.after
        yield saying.text


async def call(ctx: JobContext) -> None:
    """One call, from the dispatch to its end."""
    settings = CallSettings.from_dispatch(ctx.job.metadata)
    mind = Mind(settings)
    greeting = mind.greeting()
    voice = EspeakTTS(language=greeting.language, gender=settings.voice_gender, speed=settings.voice_speed)
    agent = DemoAgent(mind, voice)
    session: AgentSession[None] = AgentSession(
        stt=SphinxSTT() if HEARS else NOT_GIVEN,
        vad=VAD(),
        tts=voice,
        turn_handling={
            "turn_detection": "vad",  # the default is a model
            "endpointing": {"min_delay": 0.3, "max_delay": 1.0},
            "interruption": {"mode": "vad", "min_duration": 0.3, "resume_false_interruption": False},
            "preemptive_generation": {"enabled": False},
        },
        aec_warmup_duration=None,  # browsers cancel echo; else the first three seconds can't be interrupted
        user_away_timeout=None,
        session_close_transcript_timeout=0.0,
    )
    room = ctx.job.room.name

    @session.on("conversation_item_added")
    def said(event: ConversationItemAddedEvent) -> None:
        if isinstance(event.item, llm.ChatMessage) and event.item.role == "assistant":
            tell("said", room=room, text=event.item.text_content, interrupted=event.item.interrupted)

    @session.on("user_input_transcribed")
    def heard(event: UserInputTranscribedEvent) -> None:
        if event.is_final:
            tell("heard", room=room, text=event.transcript, by="voice")

    @session.on("agent_state_changed")
    def leave_when_said(event: AgentStateChangedEvent) -> None:
        if event.old_state == "speaking" and agent.after != "stay":
            if agent.after == "close":
                ctx.delete_room()
            ctx.shutdown("goodbye")

    async def typed(session: AgentSession[None], event: room_io.TextInputEvent) -> None:
        tell("heard", room=room, text=event.text, by="chat")
        speech = session.current_speech
        if speech is None or speech.allow_interruptions:
            await session.interrupt()
        session.generate_reply(user_input=event.text)

    @ctx.room.on("participant_disconnected")
    def visitor_left(visitor: rtc.RemoteParticipant) -> None:
        reason = rtc.DisconnectReason.Name(visitor.disconnect_reason or rtc.DisconnectReason.UNKNOWN_REASON)
        tell("visitor_left", room=room, reason=reason)
        asyncio.get_running_loop().call_later(RETURN_SECONDS, end_if_alone)

    def end_if_alone() -> None:
        if not ctx.room.remote_participants:
            ctx.shutdown("visitor left")

    @session.on("close")
    def over(_: object) -> None:
        ctx.shutdown("session closed")

    async def ended(reason: str) -> None:
        tell("ended", room=room, reason=reason)

    ctx.add_shutdown_callback(ended)
    options = room_io.RoomOptions(text_input=room_io.TextInputOptions(text_input_cb=typed))
    await session.start(agent, room=ctx.room, room_options=options, record=False)
    tell("joined", room=room, settings=ctx.job.metadata)
    noise = await background_noise(ctx.room, settings)
    if noise is not None:
        ctx.add_shutdown_callback(noise.aclose)
    session.say(greeting.text, allow_interruptions=settings.welcome_interruptible)


def warm_up(_: JobProcess) -> None:
    """Load voice and ears before the first call; they are this process's, so later calls find them loaded."""
    espeak()
    if HEARS:
        ears()


async def accept(request: JobRequest) -> None:
    await request.accept(name="Demo agent")


def no_load() -> float:
    return 0.0


async def main() -> None:
    """Serve calls until SIGTERM."""
    server = AgentServer(
        # Threads: a call starts at once and costs little memory; what holds Python's lock is in ears_process.
        job_executor_type=JobExecutorType.THREAD,
        num_idle_processes=1,
        # A busy machine would get no calls: the worker turns them away above the threshold, and the server
        # asks no worker that reports a load of 1.
        load_threshold=float("inf"),
        load_fnc=no_load,
        host="127.0.0.1",
        port=0,
        http_proxy=None,
        setup_fnc=warm_up,
        drain_timeout=1,
        shutdown_process_timeout=2.0,
        session_end_timeout=2.0,
    )
    server.rtc_session(call, agent_name=DISPATCH_NAME, on_request=accept)
    server.on("worker_registered", lambda *_: tell("registered"))
    serving = asyncio.ensure_future(server.run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, lambda: asyncio.ensure_future(server.aclose()))
    await serving


if __name__ == "__main__":
    asyncio.run(main())
