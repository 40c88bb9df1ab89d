"""What a click begins, and what may stop it."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.browser.clicking import NEVER, fetched, until_warm
from tests.browser.conftest import Window
from tests.parts.watch import events, until_event


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
        [["before", True], ["microphone", None], "context", ["play", False, True, True]],
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
