"""A whole conversation: heard and answered, typed and answered, and the end of a call from both sides."""

from __future__ import annotations

import asyncio

from tests.parts.livekit import RATE, visitor
from tests.parts.voice import loudness
from vaani_widget.demo.stack import DemoStack


def test_it_answers_what_it_heard_in_voice_and_in_text(stack: DemoStack) -> None:
    async def talk() -> tuple[str, str, float, list[str]]:
        async with visitor(stack, primary_language="en", welcome_message="Hi.") as us:
            await us.until_silent()
            before = len(us.heard())
            await us.speak("what are your hours")
            await us.until_said("hours", role="visitor")
            await us.until_said("nine to six")
            return us.text("visitor"), us.text(), loudness(us.heard()[before:]), us.states

    visitor_said, agent_said, loud, states = asyncio.run(talk())
    assert visitor_said == "what are your hours"
    assert "Monday to Saturday" in agent_said or "nine to six" in agent_said
    assert loud > 300
    assert "thinking" in states


def test_it_answers_what_is_typed(stack: DemoStack) -> None:
    async def talk() -> str:
        async with visitor(stack, primary_language="es", welcome_message="Hola.") as us:
            await us.until_silent()
            await us.type("¿Cuánto tarda la entrega?")
            await us.until_said("gratuita")
            return us.text()

    assert "entrega es gratuita" in asyncio.run(talk())


def test_it_sees_the_visitor_leave(stack: DemoStack) -> None:
    async def leave() -> str:
        async with visitor(stack, primary_language="en") as us:
            await us.until(lambda: loudness(us.heard()[-RATE // 2 :]) > 300)
            return us.room_name

    room = asyncio.run(leave())
    left = stack.agent.wait_for("visitor_left", room=room, timeout=5)
    assert left["reason"] == "CLIENT_INITIATED"
    stack.agent.wait_for("ended", room=room, timeout=5)


def test_it_says_goodbye_and_leaves(stack: DemoStack) -> None:
    async def talk() -> list[str]:
        async with visitor(stack, primary_language="en", welcome_message="Hi.", voice_speed=1.4) as us:
            await us.until_silent()
            await us.type("bye")
            await us.until(lambda: us.left)
            assert "Goodbye" in us.text()
            return list(us.left)  # before this visitor leaves too

    (left,) = asyncio.run(talk())
    assert left.startswith("agent")


def test_it_closes_the_room_when_asked_to_hang_up(stack: DemoStack) -> None:
    async def talk() -> str:
        async with visitor(stack, primary_language="en", welcome_message="Hi.", voice_speed=1.4) as us:
            await us.until_silent()
            await us.type("Please hang up.")
            await us.until(lambda: "room" in us.left)
            return us.text()

    assert "Goodbye" in asyncio.run(talk())
