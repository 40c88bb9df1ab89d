"""Sound that a lock screen or a telephone call has stopped comes back by itself, or else by one tap."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.parts.watch import until, until_event

from .conftest import Call, Rooms

PHONE = """
// As on iOS: what was stopped from outside begins again only inside a tap.
window.refusing = false;
addEventListener("click", () => { refusing = false; }, true);
window.AudioContext = class extends AudioContext {
  constructor(...given) { super(...given); window.context ??= this; }
};
const only = (kind, name, inVain) => {
  const real = kind.prototype[name];
  kind.prototype[name] = function (...given) {
    if (name === "play") window.audio = this;
    return refusing && this.paused !== false ? inVain() : real.apply(this, given);
  };
};
only(AudioContext, "resume", () => new Promise(() => {}));
only(HTMLMediaElement, "play", () => Promise.reject(new DOMException("Not now", "NotAllowedError")));
// What is stopped, and whether it comes back only by a tap.
window.ring = async ({ element, tap }) => {
  refusing = tap;
  if (element) audio.pause();
  await context.suspend();
};
"""
RINGS = "how => ring(how)"

PLAYS = "() => context.state === 'running' && !audio.paused"

IS_HEARD = """
async () => {
  const source = context.createMediaStreamSource(audio.srcObject);
  const analyser = source.connect(context.createAnalyser());
  await new Promise((passed) => setTimeout(passed, 100));
  const samples = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(samples);
  source.disconnect();
  return samples.some((sample) => Math.abs(sample) > 0.01);
}
"""


@pytest.fixture
def talking(rooms: Rooms, page: Page, call: Call, request: pytest.FixtureRequest) -> Page:
    """A call whose agent speaks, as a bar or as a card."""
    page.add_init_script(PHONE)
    page.goto(rooms.page(variant=getattr(request, "param", "compact")))
    call(page).speak()
    until(page, f"async () => ({PLAYS})() && ({IS_HEARD})()")
    # what looks after the sound has come, and has seen it play
    page.wait_for_function("performance.getEntriesByType('resource').some(({ name }) => /more-/.test(name))")
    page.wait_for_timeout(1_200)
    return page


def ways_on(page: Page) -> Locator:
    return page.locator("vaani-widget").get_by_role("button", name="Tap to")


def test_what_may_go_on_goes_on_by_itself(talking: Page) -> None:
    talking.evaluate(RINGS, {"element": True, "tap": False})
    until(talking, PLAYS)
    expect(ways_on(talking)).to_have_count(0)


@pytest.mark.parametrize("talking", ["compact", "button"], indirect=True)
@pytest.mark.parametrize(
    ("element", "name"), [(True, "Tap to hear the assistant"), (False, "Tap to continue")]
)
def test_one_tap_brings_the_sound_back(talking: Page, element: bool, name: str) -> None:
    for by_keyboard in (False, True):
        talking.evaluate(RINGS, {"element": element, "tap": True})
        expect(ways_on(talking)).to_have_text([name])
        # one thing to do, and it stays the one
        talking.wait_for_timeout(1_200)
        expect(ways_on(talking)).to_have_text([name])
        assert not talking.evaluate(PLAYS)
        if by_keyboard:
            ways_on(talking).focus()
            talking.keyboard.press("Enter")
        else:
            ways_on(talking).click()
        expect(ways_on(talking)).to_have_count(0)
        until(talking, f"async () => ({PLAYS})() && ({IS_HEARD})()")
        assert talking.evaluate("document.activeElement.localName") == "vaani-widget"
    talking.evaluate("document.querySelector('vaani-widget').end()")
    until_event(talking, "vaani-call-end")
