"""``vaani-widget demo``: a shop, the widget's server, LiveKit and an agent, on this machine."""

from __future__ import annotations

import argparse
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from flask import Flask

from ..errors import ConfigurationError
from ..extension import VaaniWidget
from ..loopback import is_loopback
from ..settings import load
from . import gallery
from .livekit_build import cache_folder, find_program
from .livekit_server import LiveKitServer, LiveKitUnavailable, wanted_running_one
from .serving import bind, serve
from .shop import ACCENT, SITE, Status, create_shop
from .stack import AgentFailed, DemoAgentProcess
from .vaani_api import LocalVaaniApi

PORT: Final = 8000
LOST_SECONDS: Final = 2.0
"""How long the page may still read why the demo failed."""

for _needed in ("livekit.agents", "livekit.api", "espeakng_loader", "numpy"):
    if find_spec(_needed) is None:
        raise ModuleNotFoundError(f"No module named {_needed!r}", name=_needed)


class Progress:
    """Says each stage in the terminal and on the page."""

    def __init__(self) -> None:
        self.now = Status("waiting", "Starting")

    def say(self, line: str) -> None:
        print(line, flush=True)

    def stage(self, line: str) -> None:
        self.say(line)
        self.now = Status("waiting", line.strip())

    def ready(self, line: str) -> None:
        self.say(line)
        self.now = Status("ready", line)

    def failed(self, line: str) -> None:
        self.now = Status("failed", line)


def main(arguments: Sequence[str] = (), *, host: str = "127.0.0.1", port: int = PORT) -> None:
    """Run the demo until Ctrl-C.

    :param arguments: of the command line: ``--port``, ``--gallery``.
    :param port: of the shop; the widget's server takes the next one, or any that is free.
    :raises ConfigurationError: in one sentence, with what to do.
    """
    parser = argparse.ArgumentParser(prog="vaani-widget demo", description=__doc__)
    parser.add_argument("--port", type=int, default=port, help=f"of the shop (default {port})")
    parser.add_argument(
        "--gallery",
        action="store_true",
        help="show the widget in every shape and state instead, without a call; needs the source",
    )
    given = parser.parse_args(list(arguments))
    port = given.port
    if not is_loopback(host):
        raise ConfigurationError(
            f"the demo stays on this machine, not {host}: to a plain http:// address elsewhere no browser "
            "gives its microphone."
        )
    signal.signal(signal.SIGTERM, _stop)
    progress = Progress()
    try:
        with ExitStack() as parts:
            if given.gallery:
                _show_gallery(host, port, progress, parts)
            _run(host, port, progress, parts)
    except KeyboardInterrupt:
        progress.say("\nStopped.")
    except (LiveKitUnavailable, AgentFailed) as error:
        raise ConfigurationError(str(error)) from None


def _run(host: str, port: int, progress: Progress, parts: ExitStack) -> NoReturn:
    shop_socket = _bind_shop(host, port)
    widget_socket = _bind_widget(host, port)
    folder = Path(parts.enter_context(tempfile.TemporaryDirectory(prefix="vaani-widget-demo-")))
    api = parts.enter_context(LocalVaaniApi())
    shop_port, widget_port = (s.getsockname()[1] for s in (shop_socket, widget_socket))
    widget = _widget_server(api, folder, [f"http://{name}:{shop_port}" for name in (host, "localhost")])
    parts.enter_context(serve(widget, widget_socket))
    shop = create_shop(f"http://{host}:{widget_port}", lambda: progress.now)
    parts.enter_context(serve(shop, shop_socket))
    progress.say(_announcement(f"http://{host}:{shop_port}"))
    try:
        livekit = parts.enter_context(LiveKitServer(progress.stage))
        progress.stage("Starting the voice: a few seconds.")
        agent = parts.enter_context(DemoAgentProcess(livekit))
        api.livekit = livekit
        progress.ready("Ready: press the button on the page and speak. Ctrl-C stops the demo.")
        while True:
            time.sleep(1)
            if not livekit.running:
                raise LiveKitUnavailable("The LiveKit server has ended. Start the demo again.")
            if not agent.running:
                raise AgentFailed("The demo's agent has ended. Start the demo again.")
    except (LiveKitUnavailable, AgentFailed) as error:
        progress.failed(str(error))
        time.sleep(LOST_SECONDS)
        raise


def _show_gallery(host: str, port: int, progress: Progress, parts: ExitStack) -> NoReturn:
    listening = _bind_shop(host, port)
    folder = Path(parts.enter_context(tempfile.TemporaryDirectory(prefix="vaani-widget-gallery-")))
    gallery.build(folder)
    parts.enter_context(serve(gallery.create_gallery(folder), listening))
    progress.say(f"\nEvery shape in every state.\n\n  Open  http://{host}:{listening.getsockname()[1]}\n")
    while True:
        time.sleep(3600)


def _bind_shop(host: str, port: int) -> socket.socket:
    try:
        return bind(host, port)
    except OSError as error:
        raise ConfigurationError(
            f"port {port} can't be used ({error.strerror}). Stop what uses it, or take another: "
            f"vaani-widget demo --port {port + 10}"
        ) from None


def _bind_widget(host: str, port: int) -> socket.socket:
    try:
        return bind(host, port + 1 if port else 0)
    except (OSError, OverflowError):
        return bind(host, 0)


def _widget_server(api: LocalVaaniApi, folder: Path, origins: list[str]) -> Flask:
    """The server that an operator would run; only its upstream is the local one, by HTTP and with a key."""
    settings = load(
        app_config={
            "VAANI_API_KEY": api.api_key,
            "VAANI_API_URL": api.url,
            "VAANI_WIDGET_DATABASE_URL": f"sqlite:///{folder / 'ledger.sqlite3'}",
            "VAANI_WIDGET_SITES": {
                SITE: {
                    "name": "Mela Tea",
                    "origins": origins,
                    "agents": ["demo"],
                    "page_may_set": [
                        "primary_language", "secondary_language", "voice_gender", "voice_speed",
                        "welcome_message", "welcome_interruptible", "bg_noise_enabled", "bg_noise_volume",
                    ],
                    "metadata_keys": ["name", "page", "plan"],
                    "challenge": "off",
                    "call": {"primary_language": "en"},
                    "limits": {"visitor": "1000/day", "site": "1000/day", "running": 20},
                    "look": {"accent_color": ACCENT},
                }
            },
        },
        environ={},  # the demo is the same whatever is set for a server of one's own
    )  # fmt: skip
    app = Flask("vaani_widget", static_folder=None, template_folder=None, instance_path=str(folder))
    VaaniWidget(app, settings=settings)
    return app


def _announcement(address: str) -> str:
    lines = [
        "",
        "A shop with a talking button, and everything behind it, on this machine. No key, no account.",
        "",
    ]
    if not wanted_running_one() and find_program() is None:
        lines += [
            "First it builds its LiveKit server from source: about two minutes on two cores, once.",
            "That fetches 90 MB of Go modules (and 70 MB of Go compiler, if there is none here),",
            f"uses 2 GB for a while, and keeps 55 MB in {cache_folder()}.",
            "The page opens already and says how far it is.",
            "",
        ]
        if sys.platform == "darwin":
            lines[-1:] = ["Quicker: Ctrl-C, `brew install livekit`, and again.", ""]
    if _offline():
        lines += [
            "This machine has no network at all. Browsers then make no call, not even to their own machine:",
            "join any network, it need not reach the internet.",
            "",
        ]
    if find_spec("pocketsphinx") is None:
        lines += [
            "There is no PocketSphinx for this Python: the agent speaks and reads, but does not hear.",
            "",
        ]
    return "\n".join([*lines, f"  Open  {address}", ""])


def _offline() -> bool:
    """Whether there is nothing but the loopback interface, which WebRTC's clients leave out (measured)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; the address is no one's (RFC 5737)
        except OSError:
            return True
    return False


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
