"""What was said and written, as a visitor reads it: links and lists made safely, copied, followed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from .conftest import ROOT, Site

STRICT = "require-trusted-types-for 'script'; trusted-types 'none'; object-src 'none'"
"""No page's script may make HTML out of text."""

HOSTILE = [
    "<script>hit()</script>",
    "<img src=x onerror=hit()>",
    "<svg/onload=hit()>",
    "<iframe srcdoc='<script>parent.hit()</script>'></iframe>",
    "<a href='javascript:hit()'>click</a>",
    "<style>*{background:url(javascript:hit())}</style>",
    "</p></div><script>hit()</script>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=hit()>",
    "<template><script>hit()</script></template>",
    "<base href='https://evil.example/'>",
    "<meta http-equiv=refresh content='0;url=javascript:hit()'>",
    "<object data='javascript:hit()'>",
    "<embed src='javascript:hit()'>",
    "<input autofocus onfocus=hit()>",
    "<details open ontoggle=hit()>",
    "<video><source onerror=hit()></video>",
    "<body onload=hit()>",
    "<form action='javascript:hit()'><button>x</button></form>",
    "{{constructor.constructor('hit()')()}}",
    "${hit()}",
    "[a](javascript:hit())",
    "[a](JaVaScRiPt:hit())",
    "[a](java\tscript:hit())",
    "[a](java\nscript:hit())",
    "[a](\x01javascript:hit())",
    "[a]( javascript:hit())",
    "[a](javascript&colon;hit())",
    "[a](&#106;avascript:hit())",
    "[a](%6Aavascript:hit())",
    "[a](javascript://%0ahit())",
    "[a](javascript:https://shop.example/%0ahit())",
    "[a](vbscript:hit())",
    "[a](data:text/html,<script>hit()</script>)",
    "[a](data:text/html;base64,PHNjcmlwdD5oaXQoKTwvc2NyaXB0Pg==)",
    "[a](blob:https://shop.example/1)",
    "[a](filesystem:https://shop.example/1)",
    "[a](file:///etc/passwd)",
    "[a](view-source:https://shop.example/)",
    "[a](about:blank)",
    "[a](intent://scan/#Intent;scheme=javascript;end)",
    "[a](//evil.example/)",
    "[a](/account/delete)",
    "[a](?delete=1)",
    "[a](#top)",
    "[a](https://shop.example@evil.example/)",
    "[a](https://user:word@evil.example/)",
    "https://shop.example@evil.example/",
    "javascript:hit()",
    "data:text/html,<script>hit()</script>",
    "[<img src=x onerror=hit()>](https://shop.example/)",
    "[a](https://shop.example/\"onmouseover=hit())",
    "[a](https://shop.example/'onmouseover='hit())",
    "https://shop.example/\"onmouseover=\"hit()",
    "https://shop.example/'><img/src=x/onerror=hit()>",
    "**<img src=x onerror=hit()>**",
    "- <img src=x onerror=hit()>\n- [a](javascript:hit())",
    "1. <script>hit()</script>\n2. **[a](javascript:hit())**",
    "[a](https://shop.example/ \"onclick=hit()\")",
    "![a](https://evil.example/pixel.png)",
    "![a](javascript:hit())",
    "<https://evil.example/>",
    "[a]: javascript:hit()\n[a]",
    "[[a](javascript:hit())](https://shop.example/)",
    "[a][b](javascript:hit())",
    "`<script>hit()</script>`",
    "```html\n<script>hit()</script>\n```",
    "# <script>hit()</script>",
    "| <script>hit()</script> | b |",
    "__proto__",
    "constructor",
    "[constructor](https://shop.example/__proto__)",
    "\u202e[moc.elpmaxe.pohs//:sptth](javascript:hit())",
    "[\u202emoc.knab](https://evil.example/)",
    "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16") + "<script>hit()</script>",
    "\x00<script>hit()</script>",
]  # fmt: skip


def written(site: Site, text: str, *, id: str = "1", final: bool = True) -> None:
    """The agent writes something that its voice does not say."""
    segment = {"id": id, "role": "agent", "text": text, "final": final, "typed": True}
    site.on(f"transcript({json.dumps(segment)})")


def lines(site: Site) -> Locator:
    return site.panel.get_by_role("log").locator(".line")


def test_no_hostile_string_does_anything(site: Site) -> None:
    assert len(HOSTILE) >= 60
    site.show(headers={"Content-Security-Policy": STRICT}, text_input="true")
    site.page.evaluate("window.hits = 0; window.hit = () => window.hits++; 0")
    site.call()
    # Its words are the last of what a call fetches by itself.
    expect(site.panel.get_by_role("textbox")).to_be_visible()
    before = len(site.requests)
    for number, text in enumerate(HOSTILE):
        written(site, text, id=f"written-{number}")
        site.say("agent", text, id=f"said-{number}")
        site.say("visitor", text, id=f"heard-{number}", final=False)
    expect(lines(site)).to_have_count(3 * len(HOSTILE))

    found: list[dict[str, Any]] = site.page.evaluate(
        f"""() => [...{ROOT}.querySelectorAll('.log *')].map((node) => ({{
          tag: node.localName, href: node.href, attributes: node.getAttributeNames() }}))"""
    )
    assert {node["tag"] for node in found} == {"div", "span", "p", "ol", "ul", "li", "strong", "a"}
    allowed = {"class", "dir", "href", "rel", "target", "start"}
    assert {name for node in found for name in node["attributes"]} <= allowed
    links = [node["href"] for node in found if node["tag"] == "a"]
    assert links
    assert all(link.startswith(("https://shop.example/", "https://evil.example/")) for link in links), links
    site.page.evaluate(f"() => {ROOT}.querySelectorAll('.log a').forEach(a => {{ a.target = '_self'; }})")
    assert site.page.evaluate("window.hits") == 0
    assert site.page.evaluate("seen.violations") == []
    assert len(site.requests) == before, "nothing was fetched for what anybody wrote"


def test_what_the_agent_writes_has_paragraphs_lists_and_links(site: Site) -> None:
    site.show()
    site.call()
    written(
        site,
        "We have:\n- **Assam**, strong\n- Nilgiri\n\nTwo steps:\n3. Order\n4. [Pay](https://pay.example/a_(b))\n\n"
        "Or [write](mailto:tea@shop.example), [call](tel:+911234567890), see https://shop.example/tea.",
    )
    line = lines(site)
    expect(line.locator("ul > li")).to_have_text(["Assam, strong", "Nilgiri"])
    expect(line.locator("strong")).to_have_text("Assam")
    expect(line.locator("ol > li")).to_have_text(["Order", "Pay"])
    expect(line.locator("ol")).to_have_attribute("start", "3")
    links = line.get_by_role("link")
    hrefs = [link.get_attribute("href") for link in links.all()]
    assert hrefs == [
        "https://pay.example/a_(b)", "mailto:tea@shop.example", "tel:+911234567890", "https://shop.example/tea",
    ]  # fmt: skip
    expect(links.last).to_have_text("https://shop.example/tea")
    for link in links.all():
        assert link.get_attribute("rel") == "noopener noreferrer"
    assert [link.get_attribute("target") for link in links.all()] == ["_blank", None, None, "_blank"]
    expect(line).to_contain_text("shop.example/tea.")


def test_a_label_that_lies_about_its_address_is_not_shown(site: Site) -> None:
    site.show()
    site.call()
    written(site, "[https://bank.example](https://evil.example/x)")
    expect(lines(site).get_by_role("link")).to_have_text("https://evil.example/x")


def test_what_the_agent_says_stands_as_it_was_heard(site: Site) -> None:
    site.show()
    site.call()
    site.say("agent", "**bold** and [a](https://shop.example/)")
    expect(lines(site)).to_contain_text("**bold** and [a](https://shop.example/)")
    expect(lines(site).get_by_role("link")).to_have_count(0)


LONG = {
    "brackets": "[" * 20_000,
    "stars": "**" * 10_000,
    "links": "[a](" * 5_000,
    "dots": "https://" + "." * 19_000,
    "hyphens": "- " * 10_000,
    "parentheses": "(" * 9_000 + "[a](x" + "()" * 5_000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_a_long_text_keeps_nobody_waiting(site: Site, text: str) -> None:
    """A pattern that looks back again and again would take minutes for these."""
    site.show()
    site.call()
    written(site, "short", id="0")
    expect(lines(site)).to_have_count(1)
    took = site.page.evaluate(
        """text => { const start = performance.now();
          room.options.on.transcript({ id: "1", role: "agent", text, final: true, typed: true });
          return new Promise(done => setTimeout(() =>
            requestAnimationFrame(() => done(performance.now() - start)))); }""",
        text,
    )
    expect(lines(site)).to_have_count(2)
    assert took < 5_000


def test_a_long_conversation_draws_only_what_is_new(site: Site) -> None:
    site.show()
    site.call()
    site.page.evaluate(
        """() => { for (let i = 0; i < 400; i++) {
          const role = i % 2 ? "agent" : "visitor";
          room.options.on.transcript({ id: `${i}`, role, text: `Line ${i}`, final: true }); } }"""
    )
    expect(lines(site)).to_have_count(400)
    # The words that come with the conversation name every line once.
    expect(lines(site).first).to_have_text("You: Line 0")
    site.page.evaluate(
        f"""() => {{ window.changed = [];
          new MutationObserver(all => changed.push(...all.map(one => one.target.textContent ?? "")))
            .observe({ROOT}.querySelector(".log"),
              {{ subtree: true, childList: true, characterData: true, attributes: true }});
        }}"""
    )
    site.say("agent", "Line 399 goes on", id="399", final=False)
    expect(lines(site).last).to_contain_text("Line 399 goes on")
    changed = site.page.evaluate("changed")
    assert 0 < len(changed) <= 4, "one line"
    assert all("Line 399" in text for text in changed)


def test_an_unfinished_line_looks_lighter(site: Site) -> None:
    site.show()
    site.call()
    for role in ("agent", "visitor"):
        site.say(role, "So far", id=role, final=False)
        line = site.panel.locator(f".line.{role}")
        unfinished = line.evaluate("line => getComputedStyle(line).color")
        site.say(role, "So far so good", id=role)
        expect(line).to_contain_text("so good")
        assert line.evaluate("line => getComputedStyle(line).color") != unfinished


def test_who_reads_above_is_led_to_the_newest(site: Site) -> None:
    site.show()
    site.call()
    for number in range(40):
        site.say("agent", f"Sentence {number}", id=str(number))
    newest = site.panel.get_by_role("button", name="To the newest")
    log = site.panel.get_by_role("log")
    expect(lines(site)).to_have_count(40)
    expect(newest).to_have_count(0)
    log.evaluate("log => { log.scrollTop = 0; }")
    newest.click()
    expect(newest).to_have_count(0)
    assert log.evaluate("log => log.scrollHeight - log.scrollTop - log.clientHeight") < 2
    expect(log).to_be_focused()


def test_the_conversation_is_copied(open_site: Callable[..., Site]) -> None:
    site = open_site(permissions=["clipboard-read", "clipboard-write", "microphone"])
    site.show(html="<style>* { user-select: none }</style>")
    site.call()
    site.say("agent", "Hello!", id="a")
    site.say("visitor", "Hi", id="b")
    site.click("Copy conversation")
    expect(site.panel.get_by_role("button", name="Copied")).to_be_visible()
    assert site.page.evaluate("navigator.clipboard.readText()") == "Tea Shop: Hello!\nYou: Hi"
    # By hand, too, whatever the page forbids of its own text.
    assert (
        site.panel.locator(".log .line").first.evaluate("line => getComputedStyle(line).userSelect") == "text"
    )


def test_a_page_without_a_clipboard_copies_all_the_same(open_site: Callable[..., Site]) -> None:
    site = open_site()
    site.page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    site.show()
    site.page.evaluate("document.execCommand = (...given) => (window.command = given, true); 0")
    site.call()
    site.say("agent", "Hello!", id="a")
    site.click("Copy conversation")
    expect(site.panel.get_by_role("button", name="Copied")).to_be_visible()
    assert site.page.evaluate("command")[0] == "copy"


def test_long_words_and_other_directions_stay_inside(site: Site) -> None:
    site.show()
    site.call()
    site.say("agent", "x" * 400, id="a")
    site.say("visitor", "میرا آرڈر کہاں ہے؟", id="b")
    log = site.panel.get_by_role("log")
    expect(lines(site)).to_have_count(2)
    assert log.evaluate("log => log.scrollWidth <= log.clientWidth")
    direction = "line => getComputedStyle(line.querySelector('[dir]')).direction"
    assert lines(site).first.evaluate(direction) == "ltr"
    assert lines(site).last.evaluate(direction) == "rtl"


def test_only_a_conversation_in_writing_is_read_aloud(site: Site) -> None:
    site.show()
    site.call()
    site.say("agent", "Hello!")
    expect(site.panel.get_by_role("log")).to_have_attribute("aria-live", "off")
    site.click("End call")
    site.click("Call again")
    site.page.evaluate("document.querySelector('vaani-widget').end()")
    site.show()
    site.page.evaluate("document.querySelector('vaani-widget').open()")
    site.click("Type instead")
    site.page.wait_for_function("() => window.room")
    site.agent("listening")
    written(site, "Hel", final=False)
    expect(site.panel.get_by_role("log")).to_have_attribute("aria-live", "polite")
    expect(site.panel.get_by_role("log")).to_have_attribute("aria-busy", "true")
    written(site, "Hello!")
    expect(site.panel.get_by_role("log")).to_have_attribute("aria-busy", "false")
