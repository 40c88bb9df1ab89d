"""From pointing at the button to the panel: what is fetched, what a click begins, what can go wrong."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Window
from tests.parts.watch import events, until_event

CHUNKS = re.compile(r"/assets/(panel|livekit|en)-[0-9a-z]{6}\.js$")

NEVER = """<script>
  // no room is joined here: the click's own work is what is looked at
  addEventListener("vaani-before-call", event => event.detail.waitUntil(new Promise(() => {})));
</script>"""


def fetched(window: Window) -> list[str]:
    """Names of the chunks that were asked for."""
    found = (CHUNKS.search(request.url) for request in window.asked("/assets/"))
    return sorted(match[1] for match in found if match)


def until_asked(window: Window, *parts: str) -> None:
    while not all(window.asked(part) for part in parts):
        window.page.wait_for_event("request", timeout=10_000)


def until_warm(window: Window) -> None:
    until_asked(window, "/assets/panel-", "/assets/livekit-", "/assets/en-", "/token")


@pytest.mark.parametrize("way", ["mouse", "finger", "keyboard", "trigger"])
def test_pointing_fetches_all_side_by_side(window: Window, way: str) -> None:
    window.show("<button data-vaani-call>Ask</button>" + window.tag(site="shop"))
    window.ready()
    target = window.page.get_by_text("Ask") if way == "trigger" else window.launcher
    if way == "keyboard":
        target.focus()
        target.dispatch_event("keydown", {"key": "Enter"})
    elif way == "finger":
        target.dispatch_event("pointerdown", {"pointerType": "touch"})
    else:
        target.hover()
    until_warm(window)
    assert fetched(window) == ["en", "livekit", "panel"]
    assert len(window.asked("/token")) == 1
    assert window.page.evaluate("seen.streams.length") == 0
    # pointing again mints nothing more
    target.dispatch_event("pointerdown")
    window.page.evaluate("() => new Promise(resolve => setTimeout(resolve))")
    assert len(window.asked("/token")) == 1


@pytest.mark.parametrize("key", ["Tab", "Shift", "a"])
def test_other_keys_are_no_intent(window: Window, key: str) -> None:
    window.show(window.tag(site="shop"))
    window.ready()
    window.launcher.dispatch_event("keydown", {"key": key})
    window.launcher.dispatch_event("pointerover", {"pointerType": "touch"})
    window.page.evaluate("() => new Promise(resolve => setTimeout(resolve, 100))")
    assert window.asked("/assets/") == []


def test_passing_over_is_no_intent(window: Window) -> None:
    window.page.clock.install(time=0)
    window.show(window.tag(site="shop"))
    window.ready()
    window.page.clock.pause_at(3_600)
    window.launcher.hover()
    window.page.clock.run_for(70)
    window.page.mouse.move(5, 5)
    window.page.clock.run_for(1000)
    assert window.asked("/assets/") == []
    window.launcher.hover()
    window.page.clock.run_for(90)
    until_warm(window)


@pytest.mark.parametrize(
    "why",
    [
        "Object.defineProperty(navigator, 'connection', { value: { saveData: true } })",
        "Object.defineProperty(document, 'prerendering', { value: true })",
    ],
)
def test_no_warming_up_where_bytes_cost_or_nobody_looks(window: Window, why: str) -> None:
    window.show(window.tag(site="shop"), head=f"<script>{why}</script>{NEVER}")
    window.ready()
    window.launcher.dispatch_event("pointerdown")
    window.page.evaluate("() => new Promise(resolve => setTimeout(resolve, 20))")
    assert window.asked("/assets/") == []
    window.launcher.click()
    until_warm(window)


@pytest.mark.parametrize("path", ["/sites/shop/widget.js", "/widget.js"])
def test_click_begins_everything_in_its_own_task(window: Window, path: str) -> None:
    spy = """<script>{
      window.order = [];
      const { AudioContext, Audio } = window;
      window.AudioContext = class extends AudioContext {
        constructor(...given) { super(...given); order.push("context"); }
      };
      HTMLMediaElement.prototype.play = new Proxy(HTMLMediaElement.prototype.play, {
        apply(play, audio, given) {
          order.push(["play", audio.isConnected, audio.hasAttribute("playsinline"), !!audio.srcObject]);
          return Reflect.apply(play, audio, given);
        } });
      navigator.mediaDevices.getUserMedia = new Proxy(navigator.mediaDevices.getUserMedia, {
        apply(ask, devices, given) {
          order.push(["microphone", given[0].video]);
          return Reflect.apply(ask, devices, given);
        } });
      addEventListener("vaani-before-call", event => order.push(["before", event.cancelable]));
    }</script>"""
    window.show(window.tag(path, site="shop"), head=spy + NEVER)
    window.ready()
    done = window.element("""widget => {
      const button = widget.shadowRoot.querySelector("button");
      button.click();
      return [order.slice(), button.getAttribute("aria-busy"), button.disabled];
    }""")
    assert done == [
        [["before", True], "context", ["microphone", None], ["play", False, True, True]],
        "true",
        False,
    ]
    until_warm(window)
    until_event(window.page, "vaani-call-start")


def test_microphone_comes_with_echo_cancelled(window: Window) -> None:
    window.show(window.tag(site="shop"), head=NEVER)
    window.ready()
    window.launcher.click()
    window.page.wait_for_function("seen.streams.length")
    settings = window.page.evaluate("seen.streams[0].getAudioTracks()[0].getSettings()")
    assert (settings["echoCancellation"], settings["noiseSuppression"], settings["autoGainControl"]) == (
        True,
        True,
        True,
    )


def test_double_click_and_start_are_one_call(window: Window) -> None:
    window.show(window.tag(site="shop"), head=NEVER)
    window.ready()
    same = """widget => {
      const button = widget.shadowRoot.querySelector("button");
      button.click(); button.click();
      return widget.start() === widget.start();
    }"""
    assert window.element(same)
    until_event(window.page, "vaani-call-start")
    until_warm(window)
    window.page.wait_for_function("seen.streams.length")
    assert window.page.evaluate("seen.streams.length") == 1
    assert len(window.asked("/token")) == 1
    assert len(events(window.page, "vaani-call-start")) == 1


def test_call_that_is_ended_before_the_panel_has_come_costs_nothing(window: Window) -> None:
    window.show(window.tag(site="shop"))
    window.ready()
    refused = window.page.evaluate(
        """async () => {
          const widget = document.querySelector("vaani-widget");
          const call = widget.start();
          widget.end();
          return call.then(() => null, problem => problem.code);
        }"""
    )
    assert refused == "cancelled"
    assert window.asked("/v1/calls") == []
    assert window.page.evaluate(
        "seen.streams.flatMap(s => s.getTracks()).every(t => t.readyState === 'ended')"
    )
    expect(window.launcher).to_have_attribute("aria-busy", "false")
    # The next one is not held back by it.
    window.launcher.click()
    until_event(window.page, "vaani-call-start")


def test_trigger_that_is_a_web_component(window: Window) -> None:
    component = """<script>customElements.define("x-call", class extends HTMLElement {
      constructor() { super(); this.attachShadow({ mode: "open" }).append(document.createElement("button"));
                      this.shadowRoot.firstChild.textContent = "Ring"; }
    });</script><x-call data-vaani-call></x-call>"""
    window.show(component + window.tag(site="shop"), head=NEVER)
    window.ready()
    window.page.get_by_role("button", name="Ring").click()
    until_event(window.page, "vaani-call-start")


def test_microphone_comes_before_anything_is_spent(window: Window) -> None:
    """Refused, it costs the owner nothing; the panel says what to do."""
    window.page.add_init_script("""
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", "NotAllowedError"));
    """)
    window.show(window.tag(site="shop"))
    window.launcher.click()
    assert until_event(window.page, "vaani-error") == {"code": "mic_denied", "fatal": True}
    assert window.asked("/v1/calls") == []
    assert window.vaani.bodies == []


@pytest.mark.parametrize(
    ("listener", "grant"),
    [
        ("event.detail.waitUntil(Promise.resolve({ grant: 'signed' }))", "signed"),
        ("event.detail.waitUntil({ grant: 'at once' })", "at once"),
        ("event.detail.waitUntil(Promise.resolve(undefined))", None),
    ],
)
def test_listeners_grant_is_what_is_minted_with(window: Window, listener: str, grant: str | None) -> None:
    window.show(
        window.tag(site="shop"),
        head=f"<script>addEventListener('vaani-before-call', event => {{ {listener} }})</script>",
    )
    window.ready()
    window.page.route("**/v1/calls", lambda route: route.abort())
    with (
        window.page.expect_request("**/v1/calls")
        if grant is None
        else window.page.expect_response(
            lambda response: response.url.endswith("/token") and grant in (response.request.post_data or "")
        )
    ):
        window.launcher.click()
    bodies = [json.loads(request.post_data or "{}") for request in window.asked("/token")]
    assert bodies[-1]["grant"] == grant


def test_listener_that_says_no_stops_the_call(window: Window) -> None:
    listener = (
        "addEventListener('vaani-before-call', e => e.detail.waitUntil(Promise.reject(new Error('no'))))"
    )
    window.show(window.tag(site="shop"), head=f"<script>{listener}</script>")
    window.ready()
    problem = window.element("widget => widget.start().catch(problem => problem)")
    assert problem["code"] == "cancelled"
    assert window.asked("/v1/calls") == []


def test_listener_that_never_answers_holds_nobody_up_for_long(window: Window) -> None:
    window.page.clock.install()
    window.show(window.tag(site="shop"), head=NEVER)
    window.ready()
    window.launcher.click()
    until_event(window.page, "vaani-state", where="detail.state === 'connecting'")
    with window.page.expect_request("**/v1/calls"):
        window.page.clock.run_for(5_100)


def test_body_of_the_mint(window: Window) -> None:
    window.show(window.tag(site="shop", agent="agent", grant="not a grant"))
    window.ready()
    with window.page.expect_response("**/token") as answer:
        window.launcher.dispatch_event("pointerdown")
    request = answer.value.request
    assert json.loads(request.post_data or "") == {"agent": "agent", "grant": "not a grant"}
    # text/plain needs no preflight
    assert request.headers["content-type"] == "text/plain;charset=UTF-8"
    assert "cookie" not in request.all_headers()
    assert not [request for request in window.requests if request.method == "OPTIONS"]


def test_refused_mint_is_told_at_the_click(window: Window) -> None:
    window.show(window.tag(site="closed"))
    window.ready()
    with window.page.expect_response("**/token") as answer:
        window.launcher.dispatch_event("pointerdown")
    assert answer.value.status == 503
    assert events(window.page, "vaani-error") == []
    window.launcher.click()
    assert until_event(window.page, "vaani-error")["code"] == "site_disabled"
    assert len(window.asked("/token")) == 1


def test_attribute_changed_after_pointing_is_minted_anew(window: Window) -> None:
    window.show(window.tag(site="shop"), head=NEVER)
    window.ready()
    window.launcher.dispatch_event("pointerdown")
    until_warm(window)
    window.element("widget => { widget.site = 'desk'; }")
    with window.page.expect_request("**/sites/desk/token"):
        window.launcher.click()


@pytest.mark.parametrize(
    ("change", "minted"),
    [
        ("widget.label = 'Ask'; widget.avatar = '/a.png'; widget.accentColor = 'red'; widget.zIndex = 3", 1),
        ("widget.metadata = { cart: 3 }; widget.voiceGender = 'male'", 1),
        ("widget.agent = 'agent'", 2),
        ("widget.grant = null; widget.removeAttribute('grant')", 2),
    ],
)
def test_look_changed_after_pointing_mints_nothing_more(window: Window, change: str, minted: int) -> None:
    window.show(window.tag(site="shop", grant=""))
    window.ready()
    window.page.route("**/v1/calls", lambda route: route.abort())
    window.launcher.dispatch_event("pointerdown")
    until_warm(window)
    window.element(f"widget => {{ {change} }}")
    with window.page.expect_request("**/v1/calls"):
        window.launcher.click()
    assert len(window.asked("/token")) == minted


@pytest.mark.parametrize(("seconds", "minted"), [(60, 1), (115, 2)])
def test_token_that_has_no_time_left_is_not_spent(window: Window, seconds: int, minted: int) -> None:
    window.page.clock.install()
    window.show(window.tag(site="shop"))
    window.ready()
    window.page.route("**/v1/calls", lambda route: route.abort())
    window.launcher.dispatch_event("pointerdown")
    until_warm(window)
    window.page.clock.fast_forward(seconds * 1000)
    with window.page.expect_request("**/v1/calls"):
        window.launcher.click()
    assert len(window.asked("/token")) == minted


def grants(window: Window, *answers: tuple[int, str]) -> list[Any]:
    """Puts the host's own grant endpoint up, and returns what it will have been asked."""
    asked: list[Any] = []
    left = list(answers)

    def answer(route: Route) -> None:
        asked.append(route.request)
        status, body = left.pop(0)
        route.fulfill(status=status, content_type="application/json", body=body)

    window.page.route("**/my-grant", answer)
    return asked


def test_grant_is_fetched_where_there_is_none(window: Window) -> None:
    asked = grants(window, (200, '{"grant": "fresh"}'))
    window.show(
        window.tag(site="shop", grant_url="/my-grant"), head='<base href="https://elsewhere.example/">'
    )
    window.ready()
    with window.page.expect_request("**/token") as minted:
        window.launcher.click()
    assert json.loads(minted.value.post_data or "")["grant"] == "fresh"
    assert [request.url for request in asked] == [f"{window.pages.origin}/my-grant"]


def test_anonymous_visitor_has_no_grant(window: Window) -> None:
    grants(window, (204, ""))
    window.show(window.tag(site="shop", grant_url="/my-grant"))
    window.ready()
    with window.page.expect_request("**/token") as minted:
        window.launcher.click()
    assert not json.loads(minted.value.post_data or "").get("grant")


def test_expired_grant_is_renewed_unseen(window: Window) -> None:
    asked = grants(window, (200, '{"grant": "fresh"}'))
    expired = json.dumps({"code": "grant_expired", "spent": "no"})
    headers = {"Access-Control-Allow-Origin": "*"}

    def mint(route: Route) -> None:
        if json.loads(route.request.post_data or "")["grant"] == "old":
            route.fulfill(status=403, headers=headers, content_type="application/problem+json", body=expired)
        else:
            route.fulfill(status=403, headers=headers, body=json.dumps({"code": "signed_visitors_only"}))

    window.page.route("**/token", mint)
    window.show(window.tag(site="shop", grant="old", grant_url="/my-grant"))
    window.launcher.click()
    # the second mint's refusal shows that the renewed grant was offered
    assert until_event(window.page, "vaani-error")["code"] == "signed_visitors_only"
    assert len(asked) == 1


@pytest.mark.parametrize("warm", [False, True])
def test_panel_that_cannot_be_loaded_is_told_by_the_loader(window: Window, warm: bool) -> None:
    broken = True

    def chunk(route: Route) -> None:
        if broken:
            route.abort()
        else:
            route.fallback()

    window.page.route("**/assets/panel-*", chunk)
    # the loader that knows its site has asked for the microphone by then
    tag = window.tag("/sites/shop/widget.js", site="shop", fallback_url="tel:+911234567890")
    window.show(tag, head=NEVER)
    window.ready()
    if warm:
        with window.page.expect_event("requestfailed"):
            window.launcher.dispatch_event("pointerdown")
    problem = window.element("widget => widget.start().catch(problem => problem)")
    assert problem == {"code": "load_failed"}
    assert events(window.page, "vaani-error")[0]["detail"] == {"code": "load_failed", "fatal": True}
    expect(window.launcher).to_have_text("Try again")
    expect(window.launcher).to_have_attribute("aria-busy", "false")
    link = window.page.locator("vaani-widget").get_by_role("link")
    expect(link).to_have_attribute("href", "tel:+911234567890")
    window.page.wait_for_function("seen.streams[0].getTracks().every(track => track.readyState === 'ended')")
    assert window.asked("/v1/calls") == []

    broken = False
    window.launcher.click()
    until_event(window.page, "vaani-call-start")
    expect(link).to_be_hidden()
    assert [request.url for request in window.asked("/assets/panel-")][-1].endswith("?")


def test_panel_that_does_not_come_is_given_up(window: Window) -> None:
    """The network says nothing at all; what it was asked for comes when it is too late."""
    held: list[Route] = []
    window.page.clock.install()
    window.page.route(re.compile(r"/assets/panel-\w+\.js$"), lambda route: held.append(route))
    window.show(window.tag(site="shop"), head=NEVER)
    window.ready()
    window.launcher.click()
    expect(window.launcher).to_have_attribute("aria-busy", "true")
    until_asked(window, "/assets/panel-")
    window.page.clock.run_for(30_000)
    assert until_event(window.page, "vaani-error") == {"code": "load_failed", "fatal": True}
    expect(window.launcher).to_have_text("Try again")
    expect(window.launcher).to_have_attribute("aria-busy", "false")
    ended = "seen.streams.flatMap(stream => stream.getTracks()).every(track => track.readyState === 'ended')"
    window.page.wait_for_function(ended)

    window.launcher.click()
    until_event(window.page, "vaani-call-start")
    assert len(held) == 1
    held[0].continue_()
    # The same address is the same module: this waits until it is there.
    window.page.evaluate("address => import(address).then(() => {})", held[0].request.url)
    window.element("widget => widget.end()")
    until_event(window.page, "vaani-call-end")


def test_button_that_is_not_drawn_still_says_that_nothing_could_be_loaded(window: Window) -> None:
    window.page.route("**/assets/panel-*", lambda route: route.abort())
    window.show("<button data-vaani-call>Ask</button>" + window.tag(site="shop", variant="none"))
    window.ready()
    expect(window.launcher).to_be_hidden()
    window.page.get_by_text("Ask").click()
    expect(window.launcher).to_have_text("Try again")
    expect(window.launcher).to_be_visible()


def test_yesterdays_loader_works_today(window: Window) -> None:
    """A tab from before an upgrade asks for names that are no more."""

    def yesterday(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=re.sub(r"-[0-9a-z]{6}\.js", "-0ld0ld.js", answer.text()))

    window.page.route("**/widget.js", yesterday)
    window.show(window.tag(site="shop"), head=NEVER)
    window.ready()
    window.launcher.click()
    until_event(window.page, "vaani-call-start")
    assert len(window.asked("0ld0ld")) >= 3


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ("<script>delete window.RTCPeerConnection</script>", "unsupported"),
        (
            "<script>Object.defineProperty(navigator, 'mediaDevices', { value: undefined })</script>",
            "unsupported",
        ),
    ],
)
def test_browser_that_can_make_no_call(window: Window, head: str, code: str) -> None:
    window.show(window.tag(site="shop"), head=head)
    window.ready()
    window.launcher.dispatch_event("pointerdown")
    window.launcher.click()
    assert until_event(window.page, "vaani-error")["code"] == code
    assert window.asked("/v1/") == []
    assert window.asked("/assets/livekit") == []


def test_page_opened_as_a_file(window: Window, tmp_path: Any) -> None:
    page = tmp_path / "index.html"
    page.write_text(f"<!doctype html><title>File</title>{window.tag(site='shop')}", "utf-8")
    window.page.goto(page.as_uri())
    window.launcher.click()
    assert until_event(window.page, "vaani-error")["code"] == "insecure_context"
    assert window.asked("/v1/") == []
    assert window.page.evaluate("seen.streams.length") == 0


def secure_page(window: Window, api: str) -> None:
    """A page of https with a server of this address, and the click."""
    tag = f"<script src=/vaani/widget.js data-site=shop data-server={api}></script>"
    html = f"<!doctype html><title>Secure</title>{NEVER}{tag}"

    def secure(route: Route) -> None:
        path = route.request.url.removeprefix("https://shop.example")
        if path == "/":
            route.fulfill(content_type="text/html", body=html)
        else:
            route.fulfill(response=route.fetch(url=window.server + path))

    window.page.route("https://shop.example/**", secure)
    window.page.goto("https://shop.example/")
    window.launcher.click()


@pytest.mark.parametrize(
    "api",
    ["http://elsewhere.example", "http://live.acme.example/vaani", "http://10.0.0.5:8000", "http://1.1.1.1"],
)
def test_secure_page_with_an_insecure_server(window: Window, api: str) -> None:
    """Told before the microphone is asked for, and before a request that the browser would block."""
    secure_page(window, api)
    assert until_event(window.page, "vaani-error")["code"] == "insecure_context"
    assert [request.url for request in window.requests if request.url.startswith(api)] == []
    assert window.page.evaluate("seen.streams.length") == 0


@pytest.mark.parametrize("api", ["http://localhost:1", "http://127.0.0.1:1/vaani", "http://[::1]:1"])
def test_secure_page_with_a_server_of_this_machine(window: Window, api: str) -> None:
    secure_page(window, api)
    until_event(window.page, "vaani-call-start")


def test_server_elsewhere_is_asked_and_assets_come_from_the_script(window: Window) -> None:
    other = window.server.replace("127.0.0.1", "localhost")
    window.show(window.tag(site="shop", server=f"{other}/vaani/"), head=NEVER)
    window.ready()
    with window.page.expect_request(f"{other}/vaani/v1/sites/shop/token"):
        window.launcher.click()
    until_event(window.page, "vaani-call-start")
    assert len(fetched(window)) == 3


def test_hanging_up_where_there_is_no_call_cancels_none_to_come(window: Window) -> None:
    window.show(window.tag(site="shop"), head=NEVER)
    window.ready()
    window.element("widget => { widget.end(); VaaniWidget('end'); }")
    window.launcher.click()
    until_event(window.page, "vaani-call-start")
