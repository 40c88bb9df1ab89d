"""Microphones that can be plugged in and pulled out: a PulseAudio daemon of one's own, without hardware."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from playwright.sync_api import Browser, Playwright

from tests.parts import chromium


class SoundDevices:
    """The daemon. What is plugged in is silent until something is played into it.

    :raises RuntimeError: it is not installed; a test is never skipped.
    """

    def __init__(self) -> None:
        for program in ("pulseaudio", "pactl", "paplay"):
            if not shutil.which(program):
                raise RuntimeError(
                    f"These tests need {program}. Install it: apt-get install pulseaudio pulseaudio-utils"
                )
        self._folder = tempfile.TemporaryDirectory(prefix="vaani-sound-")
        folder = Path(self._folder.name)
        self._socket = folder / "native"
        self.environment = {
            **os.environ,
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "PULSE_SERVER": f"unix:{self._socket}",
        }
        self._modules: dict[str, list[str]] = {}
        self._players: list[subprocess.Popen[bytes]] = []
        script = folder / "default.pa"
        script.write_text(
            f"load-module module-native-protocol-unix auth-anonymous=1 socket={self._socket}\n"
            "load-module module-null-sink sink_name=ear sink_properties=device.description=Loudspeaker\n"
            "set-default-sink ear\n"
        )
        self._daemon = subprocess.Popen(
            ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--disable-shm", "-F", script],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def plug_in(self, name: str) -> None:
        """A microphone of this name, of letters only."""
        # A source of its own, since a browser does not list what only monitors a speaker.
        self._modules[name] = [
            self._load("module-null-sink", f"sink_name={name}_feed"),
            self._load(
                "module-remap-source",
                f"source_name={name}",
                f"master={name}_feed.monitor",
                f"source_properties=device.description={name}",
            ),
        ]

    def pull_out(self, name: str) -> None:
        for module in reversed(self._modules.pop(name)):
            self._control("unload-module", module)

    def play_into(self, name: str, recording: Path) -> None:
        """Plays a WAV file into a microphone, once; returns at once."""
        self._players.append(
            subprocess.Popen(["paplay", f"--device={name}_feed", recording], env=self.environment)
        )

    def browser(self, playwright: Playwright) -> Browser:
        """Chromium with these devices, and a visitor who allows the microphone. Close it."""
        return playwright.chromium.launch(
            executable_path=chromium.executable(),
            args=[*chromium.QUIET, "--use-fake-ui-for-media-stream"],
            env=dict(self.environment),
        )

    def _load(self, *module: str) -> str:
        return self._control("load-module", *module).strip()

    def _control(self, *command: str) -> str:
        done = subprocess.run(
            ["pactl", *command], env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    def __enter__(self) -> Self:
        while not self._socket.exists():
            if self._daemon.poll() is not None:
                raise RuntimeError("pulseaudio did not start")
            time.sleep(0.02)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for player in self._players:
            player.terminate()
            player.wait()
        self._daemon.terminate()
        self._daemon.wait()
        self._folder.cleanup()
