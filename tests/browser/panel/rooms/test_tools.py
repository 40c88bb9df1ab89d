"""`registerTool`: an agent asks the page by LiveKit's RPC, and always hears something in time."""

from __future__ import annotations

import json
from typing import Any

import pytest
from livekit import rtc
from playwright.sync_api import Page

from tests.parts.agent_side import AgentSide

from .conftest import Call, Rooms

WIDGET = "document.querySelector('vaani-widget')"
UNHANDLED = """
<script>
  window.unhandled = [];
  addEventListener("unhandledrejection", ({ reason }) => unhandled.push(String(reason)));
</script>
"""
LARGEST = 15 * 1024
MOMENTS = 20
"""The library throws only in a few of them, while it closes."""
FAILED, TOO_LATE, QUESTION_TOO_LARGE, ANSWER_TOO_LARGE, UNKNOWN = 1500, 1502, 1402, 1504, 1400


@pytest.fixture
def shop(rooms: Rooms, page: Page) -> Page:
    """A page that gives the agent nothing yet."""
    page.goto(rooms.page(UNHANDLED))
    page.wait_for_selector("vaani-widget", state="attached")
    return page


def register(page: Page, **tools: str) -> None:
    """Registers functions of JavaScript by their names."""
    for name, code in tools.items():
        # before the panel has come it is only kept, which nobody waits for
        page.evaluate(f"() => {{ {WIDGET}.registerTool({json.dumps(name)}, {code}); }}")


def refused(agent: AgentSide, tool: str, payload: str = "", *, seconds: float | None = None) -> rtc.RpcError:
    with pytest.raises(rtc.RpcError) as caught:
        agent.ask(tool, payload, seconds=seconds)
    return caught.value


def test_an_agent_asks_and_is_answered(shop: Page, call: Call) -> None:
    register(shop, cart="() => ({ items: ['Assam'] })", kind="(input) => typeof input")
    agent = call(shop, as_soon_as_met="cart")
    assert agent.met.result(30) == '{"items":["Assam"]}', "also before the page knows that the call is there"
    for payload, kind in (('{"id":1}', "object"), ("7", "number"), ("green tea", "string"), ("", "string")):
        assert json.loads(agent.ask("kind", payload)) == kind
    assert refused(agent, "price").code == UNKNOWN
    register(shop, price="async ({ id }) => ({ id, price: '₹ 120' })", nothing="() => {}")
    assert json.loads(agent.ask("price", '{"id":"a"}')) == {"id": "a", "price": "₹ 120"}
    assert agent.ask("nothing") == "null"
    register(shop, cart="() => 'empty'")
    assert agent.ask("cart") == '"empty"'


def test_what_goes_wrong_is_said_without_the_pages_secrets(shop: Page, call: Call) -> None:
    said: list[str] = []
    shop.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    register(
        shop,
        throws="() => { throw new Error('token=s3cret'); }",
        rejects="async () => { throw 'token=s3cret'; }",
        cycle="() => { const it = {}; it.itself = it; return it; }",
        big_int="() => ({ price: 10n })",
        refuses_json="() => ({ toJSON() { throw new Error('token=s3cret'); } })",
        echo="(input) => input",
    )
    agent = call(shop)
    words: dict[str, str] = {}
    for tool in ("throws", "rejects", "cycle", "big_int", "refuses_json"):
        error = refused(agent, tool)
        assert error.code == FAILED
        assert not error.data
        words[tool] = error.message
    assert words["throws"] == words["rejects"] == "The page failed to answer."
    others = {words[tool] for tool in ("cycle", "big_int", "refuses_json")}
    assert others == {"The page's answer cannot be written as JSON."}
    shop.evaluate("0")  # what the console said has come by then
    assert len(said) == len(words), "the page's developer sees each"
    assert sum("s3cret" in line for line in said) == 3
    assert agent.ask("echo", '"and the next one works"') == '"and the next one works"'


def test_what_is_too_large_is_refused_both_ways(shop: Page, call: Call) -> None:
    register(shop, echo="(input) => input", fill="(size) => 'é'.repeat(size)", size="(input) => input.length")
    agent = call(shop)
    largest = json.dumps("a" * (LARGEST - 2))
    assert len(agent.ask("echo", largest)) == LARGEST
    assert agent.ask("size", largest) == str(LARGEST - 2)
    # bytes count, not characters
    for payload in (json.dumps("a" * LARGEST), json.dumps("é" * (LARGEST // 2), ensure_ascii=False)):
        error = refused(agent, "size", payload)
        assert error.code == QUESTION_TOO_LARGE
        assert str(LARGEST) in error.message
    assert len(agent.ask("fill", str(LARGEST // 2 - 1)).encode()) == LARGEST
    error = refused(agent, "fill", str(LARGEST // 2))
    assert error.code == ANSWER_TOO_LARGE
    assert str(LARGEST) in error.message


def test_who_takes_too_long_is_not_waited_for(shop: Page, call: Call) -> None:
    register(
        shop,
        never="() => new Promise(() => {})",
        late="() => new Promise((_, fail) => { window.fail = fail; })",
        echo="(input) => input",
    )
    agent = call(shop)
    # Of the seconds that it waits, LiveKit's own client keeps seven for the way.
    first = agent.asking("never", seconds=8)
    second = agent.asking("late", seconds=8)
    for asked in (first, second):
        with pytest.raises(rtc.RpcError) as caught:
            asked.result(30)
        assert caught.value.code == TOO_LATE
        # the page's own words, not those of an agent that has given up
        assert caught.value.message == "The page did not answer in 1 s."
    shop.evaluate("fail(new Error('too late'))")
    assert agent.ask("echo", "1") == "1"
    assert shop.evaluate("unhandled") == []


def test_who_hangs_up_owes_no_answer(shop: Page, call: Call) -> None:
    """One a moment, from the hanging up until all is closed: none is an error of the page's."""
    shop.evaluate("() => { window.answers = []; }")
    register(shop, slow="() => new Promise((done) => answers.push(done))")
    agent = call(shop)
    asked = [agent.asking("slow") for _ in range(MOMENTS)]
    shop.wait_for_function(f"answers.length === {MOMENTS}")
    shop.evaluate(
        f"""async () => {{
          {WIDGET}.end();
          for (const done of answers) {{
            done("there you are");
            await new Promise((passed) => setTimeout(passed));
          }}
        }}"""
    )
    shop.wait_for_function("seen.connections.every((way) => way.connectionState === 'closed')")
    for one in asked:
        with pytest.raises(rtc.RpcError):
            one.result(30)
    # an answer fails at once where it fails, and the browser tells of failures in their order
    shop.evaluate("() => void Promise.reject('the last')")
    shop.wait_for_function("unhandled.includes('the last')")
    assert shop.evaluate("unhandled") == ["the last"]


WRONG: list[tuple[Any, str]] = [
    ("", "() => 1"),
    ("x" * 65, "() => 1"),
    ("é" * 33, "() => 1"),
    (None, "() => 1"),
    (["cart"], "() => 1"),
    ("cart", "undefined"),
    ("cart", "{ cart: () => 1 }"),
]


def test_a_tool_that_cannot_be_one_is_refused_at_once(shop: Page, call: Call) -> None:
    shop.evaluate(f"{WIDGET}.open()")
    tried = f"([name]) => {WIDGET}.registerTool(name, CODE).then(() => 'taken', (error) => `${{error}}`)"
    for name, code in WRONG:
        answer = shop.evaluate(tried.replace("CODE", code), [name])
        assert answer == "TypeError: registerTool needs a name of 1 to 64 bytes and a function", (name, code)
    longest = "é" * 32
    assert shop.evaluate(tried.replace("CODE", "() => 1"), [longest]) == "taken"
    shop.evaluate(f"{WIDGET}.close()")
    agent = call(shop)
    assert agent.ask(longest) == "1"
    assert refused(agent, "cart").code == UNKNOWN
