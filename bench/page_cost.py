"""What the widget costs a page, beside bare ``livekit-client`` and the barest button.

Page views of each, interleaved, in real Chromium on a slow machine (4x CPU throttle) and a slow network (4G,
as Lighthouse has it). Ratios of medians are what is judged: they hold on another machine.
"""

from __future__ import annotations

import argparse
import subprocess
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests.parts import chromium

FRONT = Path(__file__).parents[1] / "widget_static"
THROTTLE = 4
HARDER = 6
"""CPU throttle at which the loader still may not hold the page up for 50 ms at a time."""
NETWORK = {"offline": False, "latency": 562.5, "downloadThroughput": 184_320, "uploadThroughput": 84_375}
"""Lighthouse's slow 4G: milliseconds, bytes a second."""

SCRIPT_AT_MOST = 0.15
"""Of the script time of a page with bare ``livekit-client``."""
VISIBLE_AT_MOST = 1.08
"""Of the time at which the barest button is visible."""
BUSY_WITHIN = 100
"""Milliseconds from a click to the button that shows it."""

PLAIN = "const b = document.createElement('button'); b.id = 'plain'; b.textContent = 'Talk to agent';"
PLAIN += "b.style.cssText = 'position:fixed;right:20px;bottom:20px'; document.documentElement.append(b);"

LIVEKIT = f"import {{ Room }} from './livekit.js'; {PLAIN} b.onclick = () => new Room();"

TAGS = {
    "facade": "<script async src=/facade.js></script>",
    "widget": "<script async src=/vaani/widget.js data-site=shop></script>",
    "livekit-client": "<script type=module src=/bare.js></script>",
}

TEXT = "<p>" + "Tea from the hills, packed by hand and sent the same day. " * 20

WATCH = """
window.longest = 0; window.blocking = 0; window.long = 0;
new PerformanceObserver(list => {
  for (const { duration } of list.getEntries()) {
    long += 1;
    blocking += duration - 50;
    longest = Math.max(longest, duration);
  }
}).observe({ type: "longtask", buffered: true });
new MutationObserver((_, observer) => {
  if (!document.querySelector("vaani-widget, #plain")) return;
  observer.disconnect();
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => { window.visible = performance.now(); };
    port2.postMessage(0);
  });
}).observe(document, { childList: true, subtree: true });
"""

CLICK = """
widget => new Promise(resolve => {
  const button = widget.shadowRoot.querySelector("button");
  let clicked;
  addEventListener("click", event => { clicked = event.timeStamp; }, true);
  new MutationObserver((_, observer) => {
    if (button.getAttribute("aria-busy") !== "true") return;
    observer.disconnect();
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve(performance.now() - clicked);
      port2.postMessage(0);
    });
  }).observe(button, { attributes: true });
  window.armed = true;
})
"""


@dataclass
class Cost:
    """One of each for every page view: milliseconds, and ``long`` a number of tasks."""

    script: list[float] = field(default_factory=list)
    visible: list[float] = field(default_factory=list)
    blocking: list[float] = field(default_factory=list)
    longest: list[float] = field(default_factory=list)
    long: list[float] = field(default_factory=list)


def shrunk(script: str) -> bytes:
    """Packed as a server packs it, by Node, which the front end's build needs anyway."""
    pack = "process.stdout.write(require('zlib').brotliCompressSync(require('fs').readFileSync(0)))"
    return subprocess.run(["node", "-e", pack], input=script.encode(), capture_output=True, check=True).stdout


def files() -> dict[str, tuple[str, bytes]]:
    """What the server has, by path: type and packed body."""
    livekit = FRONT / "node_modules/livekit-client/dist/livekit-client.esm.mjs"
    found = {
        "/facade.js": ("text/javascript", shrunk(PLAIN)),
        "/bare.js": ("text/javascript", shrunk(LIVEKIT)),
        "/livekit.js": ("text/javascript", shrunk(livekit.read_text("utf-8"))),
        "/vaani/widget.js": ("text/javascript", (FRONT / "dist/widget.js.br").read_bytes()),
    }
    for asset in (FRONT / "dist/assets").glob("*.js.br"):
        found[f"/vaani/assets/{asset.name.removesuffix('.br')}"] = ("text/javascript", asset.read_bytes())
    for name, tag in TAGS.items():
        found[f"/{name}"] = website(tag)
    return found


def website(tag: str) -> tuple[str, bytes]:
    """A page with this tag on it: type and packed body."""
    page = f"<!doctype html><html lang=en><meta charset=utf-8><title>Shop</title><h1>Shop</h1>{TEXT}{tag}"
    return "text/html", shrunk(page)


class Quiet(ThreadingHTTPServer):
    """Says nothing when a browser that is done hangs up."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        pass


def server(found: dict[str, tuple[str, bytes]]) -> ThreadingHTTPServer:
    """Of these files, on a free loopback port, running."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            kind, body = found.get(self.path, ("text/plain", b""))
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", kind)
            if body:
                self.send_header("Content-Encoding", "br")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    http = Quiet(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    return http


def slow_page(browser: Browser, *, network: bool, throttle: int = THROTTLE) -> tuple[Page, CDPSession]:
    page = browser.new_context().new_page()
    cdp = page.context.new_cdp_session(page)
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": throttle})
    if network:
        cdp.send("Network.enable")
        cdp.send("Network.emulateNetworkConditions", NETWORK)
    return page, cdp


def script_time(browser: Browser, url: str) -> float:
    """Of a whole page view, without anything of ours that watches."""
    page, cdp = slow_page(browser, network=False)
    cdp.send("Performance.enable")
    page.goto(url, wait_until="networkidle")
    metrics = {metric["name"]: metric["value"] for metric in cdp.send("Performance.getMetrics")["metrics"]}
    page.context.close()
    return float(metrics["ScriptDuration"]) * 1000


def appearance(browser: Browser, url: str) -> dict[str, Any]:
    """When the button is visible, and what blocked the page until then."""
    page, _ = slow_page(browser, network=True)
    page.add_init_script(WATCH)
    page.goto(url, wait_until="commit")
    page.wait_for_function("window.visible")
    page.wait_for_load_state("networkidle")
    seen: dict[str, Any] = page.evaluate("({ visible, blocking, longest })")
    page.context.close()
    return seen


def long_tasks(browser: Browser, url: str) -> int:
    """How many tasks of over 50 ms a page view has on a machine that is slower still."""
    page, _ = slow_page(browser, network=False, throttle=HARDER)
    page.add_init_script(WATCH)
    page.goto(url, wait_until="networkidle")
    page.wait_for_function("window.visible")
    found: int = page.evaluate("long")
    page.context.close()
    return found


def click_to_busy(browser: Browser, url: str) -> float:
    """Milliseconds from a cold click to the frame that shows the button at work."""
    page, _ = slow_page(browser, network=True)
    page.goto(url)
    button = page.locator("vaani-widget [part=button]")
    button.wait_for()
    page.evaluate(f"() => {{ window.busy = ({CLICK})(document.querySelector('vaani-widget')); }}")
    button.dispatch_event("pointerdown")
    button.click()
    busy: float = page.evaluate("busy")
    page.context.close()
    return busy


def measure(runs: int) -> tuple[dict[str, Cost], list[float]]:
    http = server(files())
    origin = f"http://127.0.0.1:{http.server_port}"
    costs = {name: Cost() for name in TAGS}
    clicks = []
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        for run in range(runs + 1):  # the first one warms up
            for name, cost in costs.items():
                script = script_time(browser, f"{origin}/{name}")
                seen = appearance(browser, f"{origin}/{name}")
                long = long_tasks(browser, f"{origin}/{name}")
                if run:
                    cost.long.append(long)
                    cost.script.append(script)
                    cost.visible.append(seen["visible"])
                    cost.blocking.append(seen["blocking"])
                    cost.longest.append(seen["longest"])
            clicks.append(click_to_busy(browser, f"{origin}/widget"))
        browser.close()
    http.shutdown()
    http.server_close()
    return costs, clicks[1:]


def main(arguments: list[str]) -> int:
    """Prints the table; 1 where something costs more than it may."""
    parser = argparse.ArgumentParser(prog="bench page", description=__doc__)
    parser.add_argument("--runs", type=int, default=9, help="page views of each kind (default: 9)")
    costs, clicks = measure(parser.parse_args(arguments).runs)

    print(f"{'median ms':<18}{'script':>9}{'blocking':>10}{'longest task':>14}{'button visible':>16}")
    for name, cost in costs.items():
        cells = [median(values) for values in (cost.script, cost.blocking, cost.longest, cost.visible)]
        print(f"{name:<18}{cells[0]:>9.1f}{cells[1]:>10.0f}{cells[2]:>14.0f}{cells[3]:>16.0f}")

    widget, facade, livekit = costs["widget"], costs["facade"], costs["livekit-client"]
    judged = [
        ("script, of livekit-client's", median(widget.script) / median(livekit.script), SCRIPT_AT_MOST),
        ("button visible, of the facade's", median(widget.visible) / median(facade.visible), VISIBLE_AT_MOST),
        ("blocking ms", median(widget.blocking), 0),
        (f"long tasks at {HARDER}x, beyond the facade's", median(widget.long) - median(facade.long), 0),
        ("click to busy, ms", median(clicks), BUSY_WITHIN),
    ]
    print()
    for what, value, most in judged:
        print(f"{what:<40}{value:>8.2f}   at most {most}{'' if value <= most else '   OVER'}")
    return int(any(value > most for _, value, most in judged))
