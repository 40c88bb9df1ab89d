"""What the visitor says between the click and the joining reaches the agent, as LiveKit's agents read it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing

import av
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Playwright, Route

from tests.parts import chromium, voice
from tests.parts.agent_side import Sent
from tests.parts.voice import Samples
from tests.parts.watch import WATCH
from vaani_widget.demo.ears import Ears

from .conftest import Call, Rooms

RATE = 16_000
LEAD = 1.5
"""Seconds of silence before the question: what has to be fetched for the call comes meanwhile."""
SAID = LEAD + 2
"""Seconds: the question is over by then."""


@pytest.fixture(scope="module")
def asker(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Somebody who asks soon after the microphone is open, and then says nothing for long."""
    path = tmp_path_factory.mktemp("voice") / "question.wav"
    voice.record("What are your opening hours?", path, lead_seconds=LEAD, tail_seconds=20)
    browser = chromium.launch(playwright, microphone=path)
    yield browser
    browser.close()


@pytest.fixture
def page(asker: Browser) -> Iterator[Page]:
    context = asker.new_context()
    context.add_init_script(WATCH)
    yield context.new_page()
    context.close()


def until_said(page: Page) -> None:
    """Waits until the question has been asked, while the call is still on its way."""
    page.wait_for_function("seen.streams.length")
    page.wait_for_timeout(SAID * 1000)


def decoded(sent: Sent) -> Samples:
    """At 16 kHz, mono."""
    with av.open(io.BytesIO(sent.data)) as file:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        frames = [part for frame in file.decode(audio=0) for part in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])


def test_the_first_words_reach_the_agent(rooms: Rooms, page: Page, call: Call) -> None:
    page.goto(rooms.page())
    page.get_by_role("button", name="Talk to").hover()
    agent = call(page, meanwhile=lambda: until_said(page))
    sent = agent.first_words()
    assert sent.mime_type == "audio/webm;codecs=opus"
    assert sent.attributes["trackId"] == agent.track().sid
    assert (sent.attributes["sampleRate"], sent.attributes["channels"]) == ("48000", "1")
    samples = decoded(sent)
    assert len(samples) / RATE > SAID - LEAD
    assert voice.loud_seconds(samples, RATE) > 0.5
    with closing(Ears()) as ears:
        # all of it was said before the server's answer came
        assert "opening" in ears.listen(samples.tobytes())


def test_what_is_said_before_the_visitor_agrees_is_not_recorded(rooms: Rooms, page: Page, call: Call) -> None:
    """The server's wish for consent comes only with its answer: the page's token is from before."""
    left = ["the first token"]

    def without_consent(route: Route) -> None:
        answer = route.fetch()
        token = answer.json()
        if left:
            left.clear()
            token["site"]["consent"] = None
        route.fulfill(response=answer, json=token)

    page.route("**/token", without_consent)

    def agree() -> None:
        page.get_by_role("dialog").get_by_text("This call is recorded.").wait_for()
        # nor does an unmute begin it
        page.evaluate("[true, false].forEach((on) => document.querySelector('vaani-widget').mute(on))")
        until_said(page)
        page.get_by_role("button", name="Agree").click()

    page.goto(rooms.page(site="careful"))
    agent = call(page, answer=agree)
    samples = decoded(agent.first_words())
    assert len(samples) / RATE > 0.1
    assert voice.loud_seconds(samples, RATE) == 0


def test_a_call_that_begins_muted_sends_nothing_of_what_was_said(
    rooms: Rooms, page: Page, call: Call
) -> None:
    page.goto(rooms.page())
    page.wait_for_selector("vaani-widget", state="attached")
    widget = "document.querySelector('vaani-widget')"
    agent = call(page, meanwhile=lambda: (until_said(page), page.evaluate(f"{widget}.mute(true)")))
    track = agent.track()
    assert track.muted, "from the beginning"
    assert not track.recorded
    page.evaluate(f"{widget}.mute(false)")
    agent.until_muted(False)


def test_what_was_said_before_the_page_unmutes_is_not_sent(rooms: Rooms, page: Page, call: Call) -> None:
    page.goto(rooms.page())
    page.wait_for_selector("vaani-widget", state="attached")
    widget = "document.querySelector('vaani-widget')"

    def mute_within_the_question() -> None:
        page.wait_for_function("seen.streams.length")
        page.wait_for_timeout((LEAD + 0.7) * 1000)
        page.evaluate(f"{widget}.mute(true)")
        page.wait_for_timeout((SAID - LEAD - 0.7) * 1000)
        page.evaluate(f"{widget}.mute(false)")

    agent = call(page, meanwhile=mute_within_the_question)
    assert not agent.track().muted
    # what is said from now on is recorded again
    samples = decoded(agent.first_words())
    assert len(samples) / RATE > 0.1
    assert voice.loud_seconds(samples, RATE) == 0
