"""From a click to the agent's voice, beside the barest page that has ``livekit-client`` loaded beforehand.

Real calls in real Chromium: LiveKit's server, the demo's agent and local Vaani API, all on this machine and
nothing throttled. The barest page loads the published ``livekit-client`` with the page, and on a click asks
for the microphone and, at once, a view of its own that only forwards to Vaani. Both are pointed at for a
moment before the click, as a hand does. The two take turns; the ratio of medians is judged.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import httpx
from flask import Flask, Response
from playwright.sync_api import Browser, sync_playwright

from tests.parts import chromium
from tests.parts.serving import serve
from vaani_widget.demo.stack import DemoStack
from vaani_widget.standalone import create_app

LIVEKIT = Path(__file__).parents[1] / "widget_static/node_modules/livekit-client/dist/livekit-client.esm.mjs"
AGENT = "demo"
POINTED_AT = 400
"""Milliseconds between pointing at the button and pressing it."""

TRACK_AT_MOST = 1.0
"""From click to the agent's track, of the barest page's."""

WATCH = """
addEventListener("click", event => { window.clicked ??= event.timeStamp; }, true);
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...given) {
    super(...given);
    this.addEventListener("track", ({ track }) => {
      if (track.kind !== "audio") return;
      track.addEventListener("unmute", () => { window.heard ??= performance.now(); });
      if (!track.muted) window.heard ??= performance.now();
    });
  }
};
"""

BARE = """
import { Room, LocalAudioTrack, Track } from "/livekit.js";
const button = document.createElement("button");
button.textContent = "Talk to agent";
document.body.append(button);
button.onclick = async () => {
  const room = new Room();
  room.on("trackSubscribed", track => document.body.append(track.attach()));
  const [stream, call] = await Promise.all([
    navigator.mediaDevices.getUserMedia({ audio: true }),
    fetch("/token", { method: "POST" }).then(answer => answer.json()),
  ]);
  await room.connect(call.connection_url, call.token);
  const track = new LocalAudioTrack(stream.getAudioTracks()[0], undefined, false);
  await room.localParticipant.publishTrack(track, { source: Track.Source.Microphone });
  window.hangUp = () => room.disconnect();
};
"""

HANG_UP = "() => window.hangUp ? hangUp() : document.querySelector('vaani-widget').end()"


def page(body: str) -> Response:
    html = f'<!doctype html><html lang="en"><title>Shop</title><body><h1>Shop</h1>{body}</body></html>'
    return Response(html, mimetype="text/html")


def barest(stack: DemoStack) -> Flask:
    """A website that does it all by itself, and checks nothing."""
    app = Flask("bare")
    client = httpx.Client(base_url=stack.api.url, headers={"X-API-Key": stack.api.api_key})

    @app.post("/token")
    def token() -> Response:
        body = {"agent_id": AGENT, "primary_language": "en"}
        answer = client.post("/api/webrtc/token", json=body)
        return Response(answer.content, mimetype="application/json")

    @app.get("/livekit.js")
    def livekit() -> Response:
        return Response(LIVEKIT.read_bytes(), mimetype="text/javascript")

    @app.get("/bare.js")
    def script() -> Response:
        return Response(BARE, mimetype="text/javascript")

    @app.get("/")
    def index() -> Response:
        return page('<script type="module" src="/bare.js"></script>')

    return app


def shop(stack: DemoStack, folder: str) -> Flask:
    """The same website with the widget's tag, and the widget's server in it."""
    app = create_app(
        {
            "VAANI_API_URL": stack.api.url,
            "VAANI_API_KEY": stack.api.api_key,
            "VAANI_WIDGET_DATABASE_URL": f"sqlite:///{folder}/ledger.sqlite3",
            "VAANI_WIDGET_SITES": {
                "shop": {
                    "origins": ["self"],
                    "agents": [AGENT],
                    "limits": {"visitor": "9000/day", "site": "9000/day", "running": 100},
                    "call": {"primary_language": "en"},
                }
            },
        }
    )

    @app.get("/shop")
    def index() -> Response:
        return page('<script async src="/vaani/widget.js" data-site="shop"></script>')

    return app


@contextmanager
def websites() -> Iterator[dict[str, str]]:
    """Both, and what stands behind them: names and addresses."""
    with (
        DemoStack() as stack,
        TemporaryDirectory(prefix="vaani-widget-bench-") as folder,
        serve(barest(stack)) as bare,
        serve(shop(stack, folder)) as widget,
    ):
        yield {"bare": f"{bare}/", "widget": f"{widget}/shop"}


def click_to_voice(browser: Browser, url: str) -> float:
    """Milliseconds of one call in a browser that has seen the page's scripts never before."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(WATCH)
    visitor = context.new_page()
    visitor.goto(url, wait_until="networkidle")
    button = visitor.get_by_role("button", name="Talk to agent")
    button.hover()
    visitor.wait_for_timeout(POINTED_AT)
    button.click()
    # Not at every frame, which is what Playwright does by itself: asking for frames makes the page draw them.
    visitor.wait_for_function("() => window.heard", timeout=30_000, polling=50)
    took: float = visitor.evaluate("heard - clicked")
    visitor.evaluate(HANG_UP)
    context.close()
    return took


def main(arguments: list[str]) -> int:
    """Prints both medians; 1 where the widget is slower than it may be."""
    parser = argparse.ArgumentParser(prog="bench start", description=__doc__)
    parser.add_argument("--runs", type=int, default=9, help="calls of each kind (default: 9)")
    runs = parser.parse_args(arguments).runs
    took: dict[str, list[float]] = {"bare": [], "widget": []}
    with websites() as urls, sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        for run in range(runs + 1):  # the first one warms up
            for name, url in urls.items():
                milliseconds = click_to_voice(browser, url)
                if run:
                    took[name].append(milliseconds)
        browser.close()
    print("ms from the click to the agent's voice")
    for name, each in took.items():
        print(f"{name:<8}{median(each):>7.0f}   {min(each):.0f} to {max(each):.0f}")
    ratio = median(took["widget"]) / median(took["bare"])
    over = ratio > TRACK_AT_MOST
    print(f"\nof the barest page's {ratio:.2f}   at most {TRACK_AT_MOST}{'   OVER' if over else ''}")
    return int(over)
