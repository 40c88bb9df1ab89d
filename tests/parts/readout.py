"""What a screen reader has of a page: Chromium's own accessibility tree, as text that a person can read."""

from __future__ import annotations

import difflib
import itertools
import re
import time
from typing import Any

from playwright.sync_api import CDPSession, Page

UNSAID = {"none", "generic", "paragraph", "InlineTextBox", "LabelText", "MenuListPopup", "LineBreak"}
"""Roles that say nothing themselves; what is in them is read."""
WHOLE = {"button", "link", "heading", "option", "textbox", "combobox"}
"""Their name says all that is in them."""
STATES = ("focused", "disabled", "expanded", "pressed", "modal", "live", "busy", "invalid", "keyshortcuts")

Node = dict[str, Any]


def tree(session: CDPSession) -> str:
    """Each line a role, a name and the states that are on, indented by depth. A call's time is ``0:00``."""
    nodes: list[Node] = session.send("Accessibility.getFullAXTree")["nodes"]
    by_id = {node["nodeId"]: node for node in nodes}
    lines = [line for node in nodes if "parentId" not in node for line in _read(node, by_id, 0)]
    return re.sub(r"\b\d+:\d\d\b", "0:00", "\n".join(lines))


def _read(node: Node, by_id: dict[str, Node], depth: int) -> list[str]:
    role = node.get("role", {}).get("value", "")
    name = re.sub(r"\s+", " ", node.get("name", {}).get("value", "")).strip()
    said = not node.get("ignored") and role not in UNSAID
    live = _states(node).get("live") not in (None, "off")
    lines = []
    if said and (name or role != "StaticText"):
        label = "text" if role == "StaticText" else role
        quoted = f' "{name}"' if name else ""
        lines.append("  " * depth + label + quoted + _marks(node, role))
        depth += 1
    if role in WHOLE and name and role != "combobox":
        return lines
    below = [by_id[child] for child in node.get("childIds", []) if child in by_id]
    lines += [line for child in below for line in _read(child, by_id, depth)]
    # an empty box without a name is only worth a line where it will speak
    return lines if role != "status" or len(lines) > 1 or not live else []


def _states(node: Node) -> dict[str, Any]:
    return {given["name"]: given["value"].get("value") for given in node.get("properties", [])}


def _marks(node: Node, role: str) -> str:
    states = _states(node)
    if role == "RootWebArea":
        return ""
    marks = []
    for name in STATES:
        value = states.get(name)
        if value in (None, False, "false", "off", "") and not (name == "expanded" and value is False):
            continue
        if name == "live" and role in ("status", "alert"):
            continue  # as the role has it
        marks.append(name if value in (True, "true") else f"{name}={str(value).lower()}")
    if role == "log" and states.get("live", "off") == "off":
        marks.append("live=off")
    value = node.get("value", {}).get("value")
    if value not in (None, "") and role in ("textbox", "combobox"):
        marks.append(f'value="{value}"')
    return f" [{', '.join(marks)}]" if marks else ""


class Readout:
    """The tree of one page, over and over."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._session = page.context.new_cdp_session(page)
        self._session.send("Accessibility.enable")

    @property
    def text(self) -> str:
        return tree(self._session)

    def part(self, role: str) -> list[str]:
        """The lines of the first thing of this role, and of what is in it."""
        lines = self.text.splitlines()
        starts = [n for n, line in enumerate(lines) if re.match(rf" *{role}\b", line)]
        if not starts:
            return []
        first = starts[0]
        depth = _depth(lines[first])
        rest = itertools.takewhile(lambda line: _depth(line) > depth, lines[first + 1 :])
        return [line[depth:] for line in (lines[first], *rest)]

    def until(self, expected: str, *, seconds: float = 30, within: str = "RootWebArea") -> None:
        """Waits until it reads like this; a line that ends in ``…`` stands for itself and all below it.

        :param within: the role of what is read, if not the page.
        :raises AssertionError: it does not, with both texts.
        """
        wanted = _dedented(expected)
        until = time.monotonic() + seconds
        while not _fits(wanted, got := self.part(within)):
            if time.monotonic() > until:
                difference = difflib.unified_diff(wanted, got, "expected", "read", lineterm="", n=99)
                raise AssertionError("it reads otherwise\n" + "\n".join(difference))
            self._page.wait_for_timeout(100)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _dedented(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if line.strip()]
    edge = min(_depth(line) for line in lines)
    return [line[edge:] for line in lines]


def _fits(wanted: list[str], got: list[str]) -> bool:
    left = list(got)
    for line in wanted:
        if not left:
            return False
        any_below = line.endswith(" …")
        if left.pop(0) != line.removesuffix(" …"):
            return False
        while any_below and left and _depth(left[0]) > _depth(line):
            left.pop(0)
    return not left
