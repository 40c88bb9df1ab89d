"""For everyone: keyboard, screen reader, contrast, small windows, quiet eyes, paper."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any, Final, Literal

import pytest
from playwright.sync_api import expect

from tests.parts.watch import until_event

from .conftest import AXE, ROOT, Site

CONTRAST = """
() => {
  const root = document.querySelector("vaani-widget").shadowRoot;
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [R, G, B] = [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * R + 0.7152 * G + 0.0722 * B;
  };
  const poor = [];
  let read = 0;
  for (const element of root.querySelectorAll(".panel *, .bar *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || element.closest(".aside")) continue;
    read++;
    let back = element;
    while (back && (parse(getComputedStyle(back).backgroundColor)[3] ?? 1) === 0) back = back.parentElement;
    const colors = [getComputedStyle(element).color, getComputedStyle(back).backgroundColor];
    const [low, high] = colors.map((color) => light(parse(color))).sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) poor.push(`${element.className} ${element.textContent}: ${ratio.toFixed(2)}`);
  }
  const back = getComputedStyle(root.querySelector(".panel, .bar")).backgroundColor;
  return { poor, read, back };
}
"""

SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")

TALK = [("agent", "Hello, how can I help?"), ("visitor", "Do you ship to Lisbon?")]


def talking(site: Site) -> None:
    site.call()
    for number, (role, text) in enumerate(TALK):
        site.say(role, text, id=str(number))
    site.say("visitor", "and how", id="interim", final=False)


def muted(site: Site) -> None:
    talking(site)
    site.on("muted(true)")


def small(site: Site) -> None:
    talking(site)
    site.click("Make small, keep the call")


def ended(site: Site) -> None:
    talking(site)
    site.click("End call")
    site.state("ended")


def failed(site: Site) -> None:
    site.answer((429, {"code": "site_busy", "retryable": True, "retry_after": 60, "spent": "no"}))
    site.call(wait=False)
    site.state("failed")


def waiting(site: Site) -> None:
    site.call(agent=None)


def silent_talk(site: Site) -> None:
    site.call()
    site.on("soundBlocked(true)")


def reconnecting(site: Site) -> None:
    talking(site)
    site.on("reconnecting(true)")


def shown(site: Site) -> None:
    site.page.evaluate("() => document.querySelector('vaani-widget').open()")


STATES = [shown, waiting, talking, muted, small, silent_talk, reconnecting, ended, failed]


LOOK = """
async accent => {
  document.querySelector("vaani-widget").setAttribute("accent-color", accent);
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
}
"""


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_axe_and_contrast(site: Site, state: Callable[[Site], None]) -> None:
    """In either scheme, with a dark and with a light accent."""
    site.show(fallback_url="tel:+49123")
    state(site)
    expect(site.page.locator("[part=panel], [part=bar]")).to_be_visible()
    site.page.evaluate(AXE.read_text())
    wrong, backs = {}, set()
    for scheme, accent in product(SCHEMES, ("#2f55e8", "#ffd400")):
        site.page.emulate_media(color_scheme=scheme)
        site.page.evaluate(LOOK, accent)
        site.settle()
        found: dict[str, Any] = site.page.evaluate("axe.run({ include: [['vaani-widget']] })")
        contrast: dict[str, Any] = site.page.evaluate(CONTRAST)
        assert contrast["read"] >= 1
        backs.add(contrast["back"])
        violations = [
            (rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found["violations"]
        ]
        if violations or contrast["poor"]:
            wrong[scheme, accent] = [violations, contrast["poor"]]
    assert wrong == {}
    assert len(backs) == len(SCHEMES), "each was seen"


REACH = """
target => {
  // How far from its middle a finger still hits it: a small sign may have a larger field around it.
  const { x, y, width, height } = target.getBoundingClientRect();
  const root = target.getRootNode();
  const hits = (left, top) => {
    const hit = root.elementFromPoint(x + width / 2 + left, y + height / 2 + top);
    return hit === target || target.contains(hit);
  };
  const far = (dx, dy) => {
    let steps = 0;
    while (steps < 60 && hits(dx * (steps + 0.5), dy * (steps + 0.5))) steps++;
    return steps;
  };
  return { width: far(-1, 0) + far(1, 0), height: far(0, -1) + far(0, 1) };
}
"""


def focused(site: Site) -> str:
    name: str = site.page.evaluate("""() => {
        let at = document.activeElement;
        while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
        return at.getAttribute("aria-label") ?? at.textContent;
    }""")
    return name


def test_a_call_by_keyboard(site: Site) -> None:
    site.show()
    keyboard = site.page.keyboard
    launcher = site.page.get_by_role("button", name="Talk to agent")
    launcher.focus()
    keyboard.press("Enter")
    until_event(site.page, "vaani-call-connected")
    site.agent("listening")
    expect(site.panel.get_by_role("textbox", name="Write a message")).to_be_visible()
    # In: the dialog itself, so that it's named first.
    assert focused(site) == "Call with Tea Shop"
    keyboard.press("Tab")
    assert focused(site) == "Make small, keep the call"
    for name in ("Write a message", "Send", "Mute"):
        keyboard.press("Tab")
        assert focused(site) == name
    keyboard.press("Space")
    expect(site.panel.get_by_role("button", name="Unmute")).to_be_focused()
    keyboard.press("Enter")
    keyboard.press("Escape")
    expect(site.panel).to_have_count(0)
    expect(site.page.get_by_role("button", name="Show the call")).to_be_focused()
    assert site.page.evaluate("room.left") == 0
    keyboard.press("Enter")
    expect(site.panel).to_be_focused()
    passed = []
    while focused(site) != "End call":
        keyboard.press("Tab")
        passed.append(focused(site))
        assert len(passed) < 8, passed
    keyboard.press("Enter")
    site.state("ended")
    # Not on the button that came in its place: the next Enter must not start another call.
    expect(site.panel).to_be_focused()
    keyboard.press("Escape")
    expect(launcher).to_be_focused()


def test_the_keyboard_is_not_taken_from_who_types(site: Site) -> None:
    site.show()
    search = site.page.get_by_label("Search")
    search.focus()
    site.page.evaluate("() => { document.querySelector('vaani-widget').start(); }")
    until_event(site.page, "vaani-call-connected")
    expect(site.panel).to_be_visible()
    expect(search).to_be_focused()


def test_escape_without_a_call_closes(site: Site) -> None:
    site.show()
    shown(site)
    expect(site.panel.get_by_role("button", name="Start call")).to_be_visible()
    assert site.page.evaluate("seen.streams.length") == 0
    site.panel.focus()
    site.page.keyboard.press("Escape")
    expect(site.panel).to_have_count(0)
    assert site.events == ["ready"]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_room_for_fingers_in_a_small_window(
    open_site: Callable[..., Site], state: Callable[[Site], None]
) -> None:
    site = open_site(viewport={"width": 320, "height": 568}, has_touch=True)
    site.show()
    state(site)
    expect(site.page.locator("[part=panel], [part=bar]")).to_be_visible()
    site.settle()
    for target in site.page.locator("vaani-widget").locator("button:visible, a:visible").all():
        reach = target.evaluate(REACH)
        assert reach["width"] >= 44, target.inner_text()
        assert reach["height"] >= 44, target.inner_text()
        box = target.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 320
    panel = site.page.locator("[part=panel], [part=bar]").bounding_box()
    assert panel
    assert panel["x"] >= 0
    assert panel["y"] >= 0
    assert panel["x"] + panel["width"] <= 320
    assert site.page.evaluate("document.documentElement.scrollWidth") <= 320


def test_nothing_moves_for_who_asked_for_that(open_site: Callable[..., Site]) -> None:
    called = "({ animationName, transitionProperty }) => animationName ?? transitionProperty"
    moving = f"{ROOT}.getAnimations().map({called})"
    more = "performance.getEntriesByType('resource').some(({ name }) => name.includes('/assets/more-'))"
    site = open_site(reduced_motion="reduce")
    site.show()
    waiting(site)
    site.page.wait_for_function(more)  # some of what moves comes with it
    site.settle()
    # What's left moves nothing: it keeps buttons from taking a click too early, and colours change.
    assert set(site.page.evaluate(moving)) <= {"arm", "background-color", "border-color", "color"}
    site = open_site()
    site.show()
    waiting(site)
    site.page.wait_for_function(f"{moving}.includes('ring')")


def test_nothing_is_printed(site: Site) -> None:
    site.show()
    talking(site)
    site.page.emulate_media(media="print")
    expect(site.panel).to_be_hidden()


def test_forced_colors_keep_edges(open_site: Callable[..., Site]) -> None:
    site = open_site(forced_colors="active")
    site.show()
    talking(site)
    end = site.panel.get_by_role("button", name="End call")
    expect(end).to_have_css("border-top-style", "solid")


def test_a_strict_page(open_site: Callable[..., Site]) -> None:
    policy = (
        "default-src 'none'; script-src 'nonce-abc'; style-src 'nonce-abc'; connect-src {server}; "
        "require-trusted-types-for 'script'; media-src blob: mediastream:"
    )
    site = open_site()
    header = {"Content-Security-Policy": policy.format(server=site.server)}
    html = '<!doctype html><html lang="en"><title>Shop</title><body><h1>Shop</h1>'
    source = f"{site.server}/vaani/widget.js"
    script = f'<script nonce="abc" async src="{source}" data-site="shop" data-variant="compact"></script>'
    site.page.goto(site.pages.add(html + script, header))
    until_event(site.page, "vaani-ready")
    talking(site)
    expect(site.panel).to_contain_text("Do you ship to Lisbon?")
    width = site.panel.evaluate("panel => getComputedStyle(panel).width")
    assert width == "360px"
    site.click("End call")
    site.state("ended")
    assert site.page.evaluate("seen.violations") == []
