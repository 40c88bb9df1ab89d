"""In a window of little height all that can be pressed can be reached, and hanging up is always in sight."""

from __future__ import annotations

import pytest

from .conftest import Walk

LOOK = """async () => {
  const root = document.querySelector("vaani-widget").shadowRoot;
  // buttons that have just come take no click for a moment
  const ending = root.getAnimations().filter(({ effect }) => effect.getTiming().iterations !== Infinity);
  await Promise.all(ending.map(({ finished }) => finished));
  const panel = root.querySelector(".panel").getBoundingClientRect();
  const within = ({ top, bottom }) => top >= panel.top - 1 && bottom <= panel.bottom + 1;
  const seen = (one) => {
    const { left, top, right, bottom } = one.getBoundingClientRect();
    const at = (y) => one.contains(root.elementFromPoint((left + right) / 2, y));
    return within({ top, bottom }) && at(top + 4) && at(bottom - 4);
  };
  const wrong = [];
  if (!seen(root.querySelector(".red"))) wrong.push("End call is cut");
  const asked = root.querySelector(".anew .primary");
  if (asked && !seen(asked)) wrong.push("what is asked is cut");
  for (const one of root.querySelectorAll(".devices :is(select, button)")) {
    one.scrollIntoView({ block: "nearest" });
    if (!seen(one)) wrong.push(`${one.id || one.textContent} cannot be reached`);
  }
  const head = root.querySelector(".head");
  const devices = root.querySelector(".devices:not([hidden])")?.getBoundingClientRect();
  const named = head.checkVisibility({ checkVisibilityCSS: true });
  const under = head.getBoundingClientRect().bottom;
  if (named && devices?.top < under) wrong.push("the settings lie over the name");
  return wrong;
}"""


@pytest.mark.parametrize(
    ("lang", "window"),
    [
        ("en", (320, 620)),
        ("en", (320, 480)),
        ("en", (320, 256)),
        ("ta", (320, 520)),
        ("ur", (360, 560)),
        ("en", (640, 380)),
    ],
)
def test_all_can_be_reached_and_hanging_up_is_in_sight(
    walk: Walk, lang: str, window: tuple[int, int]
) -> None:
    states = ("listening", "settings", "anew", "window")
    wrong = {
        state: found
        for state, page in walk("compact", states, window, lang=lang, locale=lang)
        if (found := page.evaluate(LOOK))
    }
    assert wrong == {}


@pytest.mark.parametrize("position", ["bottom-right", "top-right"])
@pytest.mark.parametrize("lang", ["en", "ta"])
def test_hanging_up_stays_in_sight_below_a_tall_notice(walk: Walk, lang: str, position: str) -> None:
    """In the bar, with letters twice as large as usual."""
    states = ("unheard", "reconnecting", "silent")
    for _, page in walk("button", states, (320, 568), lang=lang, locale=lang, position=position):
        session = page.context.new_cdp_session(page)
        session.send("Page.enable")
        session.send("Page.setFontSizes", {"fontSizes": {"standard": 32}})
        bar, red = page.locator(".bar").bounding_box(), page.locator(".bar .red").bounding_box()
        assert bar
        assert red
        assert bar["y"] >= 0
        assert bar["y"] + bar["height"] <= 568
        assert red["y"] >= bar["y"]
        assert red["y"] + red["height"] <= bar["y"] + bar["height"]
        page.locator(".bar .red").click(trial=True)
