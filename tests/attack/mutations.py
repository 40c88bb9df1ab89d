"""Bodies that were valid once: Hypothesis changes types, nesting, names and bytes of them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

from vaani_widget.call_parameters import PARAMETERS

Draw = Callable[[st.SearchStrategy[Any]], Any]


class Members(list[tuple[str, Any]]):
    """A JSON object as it is written: in order, and with names that come twice."""


class Raw(str):
    """JSON, or what a liar takes for it, as it stands."""


def written(value: object) -> Any:
    """A plain value as something that can be changed."""
    if isinstance(value, dict):
        return Members((name, written(inner)) for name, inner in value.items())
    return [written(inner) for inner in value] if isinstance(value, list) else value


def render(node: object) -> str:
    if isinstance(node, Raw):
        return node
    if isinstance(node, Members):
        return "{" + ",".join(f"{_name(name)}:{render(inner)}" for name, inner in node) + "}"
    if isinstance(node, list):
        return "[" + ",".join(map(render, node)) + "]"
    return json.dumps(node)


def _name(name: str) -> str:
    return name if isinstance(name, Raw) else json.dumps(name)


def spellings(name: str) -> list[str]:
    """What a careless server might take for this name."""
    first, *rest = name.split("_")
    return [
        name.upper(),
        name.title(),
        first + "".join(word.title() for word in rest),
        name.replace("_", "-"),
        name.replace("_", " "),
        f" {name}",
        f"{name} ",
        f"{name}\x00",
        f"{name}\u200b",
        f"\ufeff{name}",
        name.replace("_", "\uff3f"),
        "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in name),
        f"settings.{name}",
        f"settings[{name}]",
        f"locked.{name}",
        f"$.{name}",
        Raw('"' + "".join(f"\\u{ord(letter):04x}" for letter in name) + '"'),
    ]


OURS = (
    "site", "origin", "sub", "locked", "iss", "aud", "exp", "jti", "typ", "kid", "require", "bounds", "lane",
    "site_token", "call_token", "settings", "metadata", "grant", "agent", "consent", "challenge_solution",
    "event", "reason", "rating", "text", "call_id", "max_seconds", "visitor",
)  # fmt: skip
PROTOTYPES = (
    "__proto__", "constructor", "prototype", "__class__", "__dict__", "__init__", "toString",
    "hasOwnProperty", "$ref", "$where", "", ".", "..", "0", "null", "*",
)  # fmt: skip
NAMES = st.one_of(
    st.sampled_from(list(PARAMETERS)),
    st.sampled_from([spelling for name in PARAMETERS for spelling in spellings(name)]),
    st.sampled_from([*OURS, *PROTOTYPES]),
    st.text(max_size=12),
)
DEEP = [Raw("[" * depth + "]" * depth) for depth in (20, 900, 7000)]
DEEP += [Raw('{"a":' * depth + "1" + "}" * depth) for depth in (20, 900, 2000)]
HOSTILE: list[Any] = [
    "male", "female", "en", "hi", "wss://evil.test", "ws://127.0.0.1:1", "free", "evil", "1", "true", "",
    " ", "x" * 600, "x" * 5000, "\x00", "\n", "🎈", "{{7*7}}", "../../etc/passwd", "' OR 1=1 --",
    "second", "d083374a-c167-4bda-b8bc-2a418ca85f35", "connected", "ended",
    0, 1, -1, 5, 6, 1.4, 1.41, -0.0, 2**31, 2**63, 2**64, -(2**63) - 1, 1e308, True, False, None,
    Raw("NaN"), Raw("Infinity"), Raw("-Infinity"), Raw("1e999"), Raw("-1e999"), Raw("9" * 4000),
    Raw("9" * 5000), Raw("1e-999"), Raw("01"), Raw("+1"), Raw("0x10"), Raw("undefined"), Raw("'x'"), Raw(""),
    Raw('"\\ud800"'), Raw('"\\udc00\\ud800"'), Raw('"\\u0000"'), Raw('"\\x"'), Raw('"'),
    Members(), [], Members([("version", "1")]), Members([("$gt", "")]), Members([("length", 2**53)]), [[]],
    Members([("toString", None)]), *DEEP,
]  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=20),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=3) | st.lists(st.tuples(NAMES, inner), max_size=3).map(Members)
        ),
        max_leaves=6,
    ),
)


@st.composite
def mutated(draw: Draw, valid: dict[str, Any]) -> bytes:
    """A body that differs from the valid one in one to five places; as bytes, which may be no JSON."""
    tree = copy.deepcopy(written(valid))
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 2, 3, 5]))):
        draw(st.sampled_from(CHANGES))(draw, tree)
    data = render(tree).encode("utf-8", "surrogatepass")
    return _damaged(draw, data) if draw(st.sampled_from([False] * 15 + [True])) else data


def _damaged(draw: Draw, data: bytes) -> bytes:
    at = draw(st.integers(0, 1000)) * len(data) // 1000
    junk = draw(
        st.sampled_from([b"\x00", b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"}", b"{", b",", b"//", b""])
    )
    kept = draw(st.booleans())
    return (
        draw(st.sampled_from([b"", b"", b"\xef\xbb\xbf", b" "]))
        + data[:at]
        + junk
        + (data[at:] if kept else b"")
    )


def _objects(node: object) -> Iterator[Members]:
    if isinstance(node, Members):
        yield node
        for _, inner in node:
            yield from _objects(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _objects(inner)


def _value(draw: Draw) -> object:
    """One's own: later changes go into it, too."""
    return copy.deepcopy(draw(VALUES))


def _any_object(draw: Draw, tree: Members) -> Members:
    found = list(_objects(tree))
    return found[draw(st.integers(0, len(found) - 1))]


def _replace(draw: Draw, tree: Members) -> None:
    members = _any_object(draw, tree)
    if members:
        at = draw(st.integers(0, len(members) - 1))
        members[at] = (members[at][0], _value(draw))


def _insert(draw: Draw, tree: Members) -> None:
    members = _any_object(draw, tree)
    members.insert(draw(st.integers(0, len(members))), (draw(NAMES), _value(draw)))


def _twice(draw: Draw, tree: Members) -> None:
    members = _any_object(draw, tree)
    if members:
        name, _ = members[draw(st.integers(0, len(members) - 1))]
        members.insert(draw(st.integers(0, len(members))), (name, _value(draw)))


def _respell(draw: Draw, tree: Members) -> None:
    members = _any_object(draw, tree)
    if members:
        at = draw(st.integers(0, len(members) - 1))
        name = str(members[at][0])
        if name and not isinstance(members[at][0], Raw):
            members[at] = (draw(st.sampled_from(spellings(name))), members[at][1])


def _delete(draw: Draw, tree: Members) -> None:
    members = _any_object(draw, tree)
    if members:
        del members[draw(st.integers(0, len(members) - 1))]


def _wrap(draw: Draw, tree: Members) -> None:
    members = _any_object(draw, tree)
    if members:
        at = draw(st.integers(0, len(members) - 1))
        name, value = members[at]
        members[at] = (name, draw(st.sampled_from([[value], [[value]], Members([(name, value)])])))


def _move(draw: Draw, tree: Members) -> None:
    """Where it does not belong: a setting to the top, a token into the metadata."""
    source, target = _any_object(draw, tree), _any_object(draw, tree)
    if source:
        target.append(copy.deepcopy(source[draw(st.integers(0, len(source) - 1))]))


CHANGES = (_replace, _insert, _insert, _insert, _twice, _respell, _delete, _wrap, _move)
