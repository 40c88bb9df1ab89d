"""Debian's Firefox, driven over WebDriver BiDi by npm's puppeteer-core."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BIN = HERE.parents[1] / ".venv" / "bin"


def program() -> str:
    """:raises RuntimeError: it is not installed; a browser test is never skipped."""
    for name in ("firefox-esr", "firefox"):
        if path := shutil.which(name):
            return path
    raise RuntimeError("Firefox is missing. Install it: apt-get install firefox-esr")


@dataclass
class Firefox:
    """A window with a microphone that hums, and may be used."""

    _driver: subprocess.Popen[str]
    _log: Path

    def _ask(self, name: str, given: object = None) -> Any:
        """
        :raises RuntimeError: the page or the driver says no.
        """
        assert self._driver.stdin
        self._driver.stdin.write(json.dumps([name, given]) + "\n")
        self._driver.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._driver.stdout
        answer = json.loads(self._driver.stdout.readline() or '{"error": "it ended"}')
        if "error" in answer:
            raise RuntimeError(f"{answer['error']}\n{self._log.read_text('utf-8', 'replace')[-2000:]}")
        return answer.get("value")

    def go(self, url: str) -> None:
        self._ask("go", url)

    def run(self, script: str) -> Any:
        """An expression's value; of a promise, what it brings."""
        return self._ask("run", script)

    def until(self, script: str, seconds: float = 40) -> Any:
        """Waits until the expression is true, and returns its value."""
        return self._ask("until", [script, seconds * 1000])

    def until_event(self, name: str, where: str = "true", seconds: float = 40) -> dict[str, Any]:
        """Waits until an event is heard whose ``detail`` satisfies the expression; returns its detail."""
        found = f"seen.events.find(({{ name, detail }}) => name === '{name}' && ({where}))"
        try:
            event = self.until(found, seconds)
        except RuntimeError as error:
            raise AssertionError(f"no {name} where {where}: {self.run('seen.events')}; {error}") from None
        detail: dict[str, Any] = event["detail"] or {}
        return detail

    def click(self, within: str) -> None:
        """Clicks as a person does, with the pointer; the selector is one of the widget's shadow root."""
        self._ask("click", within)

    def keys(self, text: str) -> None:
        """Typed where the focus is."""
        self._ask("keys", text)

    def press(self, key: str) -> None:
        """By the key's name, such as ``Enter``."""
        self._ask("press", key)

    def picture(self, path: Path) -> None:
        self._ask("picture", str(path))

    @property
    def errors(self) -> list[str]:
        """What nobody caught in the page."""
        errors: list[str] = self._ask("errors")
        return errors

    @property
    def version(self) -> str:
        return str(self._ask("version"))


@contextmanager
def firefox(script: str, log: Path) -> Iterator[Firefox]:
    """Browser and window, until the end of the block.

    :param script: runs first in every page.
    :param log: where what the driver says goes.
    """
    with log.open("w") as out:
        driver = subprocess.Popen(
            ["node", str(HERE / "firefox.mjs"), program(), script],
            env={**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=out, text=True,
        )  # fmt: skip
    assert driver.stdin
    assert driver.stdout
    window = Firefox(driver, log)
    try:
        window._answer()
        yield window
    finally:
        driver.stdin.close()
        try:
            driver.wait(20)
        except subprocess.TimeoutExpired:
            driver.kill()
            driver.wait()
        driver.stdout.close()
