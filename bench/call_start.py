"""From a click to the agent's voice, beside the barest page that has ``livekit-client`` loaded beforehand.

Real calls in real Chromium: LiveKit's server, the demo's agent and local Vaani API, all on this machine and
nothing throttled. The barest page loads the published ``livekit-client`` with the page, and on a click asks
for the microphone and, at once, a view of its own that only forwards to Vaani. Both are pointed at for a
moment before the click, as a hand does. The two take turns, either first; the ratio of medians is judged.
With ``--steps`` both pages note when each step was reached, so that it is seen where the time goes.
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

STEPS = {
    "microphone asked for": "asked",
    "microphone granted": "granted",
    "call asked for": "call",
    "call answered": "answered",
    "peer connection made": "peer",
    "room's socket opened": "opening",
    "room's socket open": "open",
    "connected": "connected",
    "last track added": "track",
}
"""What is printed with ``--steps``, and how the pages name it."""

MARK = """
window.steps = {};
// The first time after the click; of tracks, of which the first are made beforehand and empty, the last.
const mark = name => {
  if (window.clicked && (name === "track" || !(name in steps))) steps[name] = performance.now();
};
const devices = navigator.mediaDevices, ask = devices.getUserMedia.bind(devices);
const load = window.fetch.bind(window);
devices.getUserMedia = async (...given) => {
  mark("asked");
  const stream = await ask(...given);
  mark("granted");
  return stream;
};
window.fetch = async (...given) => {
  const call = /\\/(token|v1\\/calls)$/.test(given[0]) && !/sites/.test(given[0]);
  if (call) mark("call");
  const answer = await load(...given);
  if (call) mark("answered");
  return answer;
};
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    mark("opening");
    this.addEventListener("open", () => mark("open"));
  }
};
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...given) {
    super(...given);
    mark("peer");
    this.addEventListener("connectionstatechange", () => {
      if (this.connectionState === "connected") mark("connected");
    });
    this.addEventListener("track", ({ track }) => track.kind === "audio" && !window.heard && mark("track"));
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


def click_to_voice(browser: Browser, url: str, *, steps: bool = False) -> tuple[float, dict[str, float]]:
    """Milliseconds of one call and to each of its steps, in a browser that has never seen the scripts."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(WATCH + MARK * steps)
    visitor = context.new_page()
    visitor.goto(url, wait_until="networkidle")
    # What Playwright brings into the page for waiting comes before the click, not beside what is measured.
    visitor.wait_for_function("() => true")
    button = visitor.get_by_role("button", name="Talk to agent")
    button.hover()
    visitor.wait_for_timeout(POINTED_AT)
    button.click()
    # Not at every frame, which is what Playwright does by itself: asking for frames makes the page draw them.
    visitor.wait_for_function("() => window.heard", timeout=30_000, polling=50)
    took: float = visitor.evaluate("heard - clicked")
    reached: dict[str, float] = visitor.evaluate(
        "Object.fromEntries(Object.entries(window.steps ?? {}).map(([name, at]) => [name, at - clicked]))"
    )
    visitor.evaluate(HANG_UP)
    context.close()
    return took, reached


def main(arguments: list[str]) -> int:
    """Prints both medians; 1 where the widget is slower than it may be."""
    parser = argparse.ArgumentParser(prog="bench start", description=__doc__)
    parser.add_argument("--runs", type=int, default=9, help="calls of each kind (default: 9)")
    parser.add_argument("--steps", action="store_true", help="say when each step is reached, too")
    given = parser.parse_args(arguments)
    took: dict[str, list[float]] = {"bare": [], "widget": []}
    reached: dict[str, list[dict[str, float]]] = {"bare": [], "widget": []}
    with websites() as urls, sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        for run in range(given.runs + 1):  # the first one warms up
            for name, url in list(urls.items())[:: -1 if run % 2 else 1]:
                milliseconds, steps = click_to_voice(browser, url, steps=given.steps)
                if run:
                    took[name].append(milliseconds)
                    reached[name].append(steps)
        browser.close()
    if given.steps:
        print(f"{'ms from the click, medians':<28}{'bare':>7}{'widget':>9}")
        for step, key in STEPS.items():
            bare, widget = (median(at[key] for at in reached[name]) for name in ("bare", "widget"))
            print(f"{step:<28}{bare:>7.0f}{widget:>9.0f}")
        print()
    print("ms from the click to the agent's voice")
    for name, each in took.items():
        print(f"{name:<8}{median(each):>7.0f}   {min(each):.0f} to {max(each):.0f}")
    ratio = median(took["widget"]) / median(took["bare"])
    over = ratio > TRACK_AT_MOST
    print(f"\nof the barest page's {ratio:.2f}   at most {TRACK_AT_MOST}{'   OVER' if over else ''}")
    return int(over)
