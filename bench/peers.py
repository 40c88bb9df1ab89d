"""What a page view costs with the widget, and with two others that are on the package registry.

Each on the same page in real Chromium with a 4x CPU throttle, in turns, next to the page without any. The
others' scripts are fetched for this run only and served as they are published, packed as ours is. Nothing
leaves this machine: what they ask of their own servers fails, so their later costs are not counted.
"""

from __future__ import annotations

import argparse
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, sync_playwright

from bench.page_cost import files, script_time, server, shrunk, slow_page, website
from tests.parts import chromium

FORTIETH = 40
"""So many times the widget's bytes, at least, each of the others weighs before it is used."""

PEERS = {
    "ElevenLabs 0.5.4": (
        "@elevenlabs/convai-widget-embed@0.5.4",
        "package/dist/index.js",
        '<elevenlabs-convai agent-id="shop"></elevenlabs-convai>',
    ),
    "Vapi 0.1.1": (
        "@vapi-ai/client-sdk-react@0.1.1",
        "package/dist/embed/widget.umd.js",
        '<vapi-widget public-key="shop" assistant-id="shop"></vapi-widget>',
    ),
}
"""By name: package, script in it, and what its documentation has a page put beside the script."""

HERE = "http://127.0.0.1:"


def published(package: str, script: str, folder: str) -> str:
    """A script as the registry has it."""
    pack = ["npm", "pack", "--silent", "--pack-destination", folder, package]
    name = subprocess.run(pack, capture_output=True, check=True, text=True).stdout.split()[-1]
    with tarfile.open(Path(folder) / name) as archive:
        found = archive.extractfile(script)
        assert found
        return found.read().decode()


@contextmanager
def pages() -> Iterator[dict[str, str]]:
    """Names and addresses."""
    found = {**files(), "/none": website("")}
    paths = {"no widget": "/none", "this widget": "/widget"}
    with TemporaryDirectory(prefix="vaani-widget-bench-") as folder:
        for number, (name, (package, script, element)) in enumerate(PEERS.items()):
            found[f"/{number}.js"] = ("text/javascript", shrunk(published(package, script, folder)))
            found[f"/{number}"] = website(f"{element}<script async src=/{number}.js></script>")
            paths[name] = f"/{number}"
    http = server(found)
    try:
        yield {name: f"{HERE}{http.server_port}{path}" for name, path in paths.items()}
    finally:
        http.shutdown()
        http.server_close()


def scripts_of(browser: Browser, url: str) -> tuple[int, int]:
    """How many a page view fetches, and their bytes as sent."""
    page, cdp = slow_page(browser, network=False)
    page.route(lambda asked: not asked.startswith(HERE), lambda route: route.abort())
    sent: dict[str, float] = {}
    cdp.send("Network.enable")
    kinds: dict[str, str] = {}
    cdp.on("Network.responseReceived", lambda seen: kinds.update({seen["requestId"]: seen["type"]}))
    cdp.on(
        "Network.loadingFinished", lambda seen: sent.update({seen["requestId"]: seen["encodedDataLength"]})
    )
    page.goto(url, wait_until="networkidle")
    page.context.close()
    sizes = [size for request, size in sent.items() if kinds.get(request) == "Script"]
    return len(sizes), int(sum(sizes))


def main(arguments: list[str]) -> int:
    """Prints the table; 1 where another one weighs less than it has to."""
    parser = argparse.ArgumentParser(prog="bench peers", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="page views of each kind (default: 5)")
    runs = parser.parse_args(arguments).runs
    seen: dict[str, list[tuple[float, ...]]] = {}
    with pages() as urls, sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        for run in range(runs + 1):  # the first one warms up
            for name, url in urls.items():
                measured = (*scripts_of(browser, url), script_time(browser, url))
                if run:
                    seen.setdefault(name, []).append(measured)
        browser.close()
    print(f"{'medians':<20}{'scripts':>9}{'bytes':>10}{'script ms':>11}")
    middle = {name: [median(values) for values in zip(*each, strict=True)] for name, each in seen.items()}
    for name, (scripts, sent, script) in middle.items():
        print(f"{name:<20}{scripts:>9.0f}{sent:>10.0f}{script:>11.1f}")
    print()
    light = False
    for name in PEERS:
        times = middle[name][1] / middle["this widget"][1]
        light |= times < FORTIETH
        print(
            f"{name} weighs {times:.1f} times as much   at least {FORTIETH}{'   LESS' * (times < FORTIETH)}"
        )
    return int(light)
