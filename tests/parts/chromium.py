"""Debian's Chromium with a microphone that is not there, driven by Playwright."""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import Browser, Playwright

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
"""Playwright runs it as root here, and nothing but the test's own servers is to be asked."""


def executable(*, shell: bool = False) -> str:
    """The browser's path.

    :param shell: Chromium's headless shell, where there is one.
    :raises RuntimeError: it is not installed; a browser test is never skipped.
    """
    for name in (*(["chromium-headless-shell"] * shell), "chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    raise RuntimeError("The browser tests need Chromium. Install it: apt-get install chromium")


def arguments(*, microphone: Path | None = None, deny_microphone: bool = False) -> list[str]:
    """Its command line.

    :param microphone: a WAV file to speak into the microphone, over and over; a beep where absent.
    :param deny_microphone: answers the microphone prompt with no.
    """
    answer = "--deny-permission-prompts" if deny_microphone else "--use-fake-ui-for-media-stream"
    voice = [f"--use-file-for-fake-audio-capture={microphone}"] if microphone else []
    return [*QUIET, "--use-fake-device-for-media-stream", answer, *voice]


def launch(
    playwright: Playwright,
    *,
    microphone: Path | None = None,
    deny_microphone: bool = False,
    shell: bool = False,
) -> Browser:
    """A browser of one's own; close it. See :func:`arguments`.

    :param shell: the same engine with no browser around it: half the work, for what a page alone does.
    """
    return playwright.chromium.launch(
        executable_path=executable(shell=shell),
        args=arguments(microphone=microphone, deny_microphone=deny_microphone),
    )
