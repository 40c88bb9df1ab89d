"""Origins: the list of a site made plain at the start, and the question whether a browser's Origin is in it.

A browser writes ``Origin`` in one form only (ASCII, lower case, no default port), so that entries which have
that form can be compared with it byte for byte.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import urlsplit

import idna

SELF = "self"
"""The entry that stands for the origin at which this server itself was asked."""

_ENTRY = re.compile(r"([a-z][a-z0-9+.-]*)://(\[[^\]]*\]|[^/\\:@?#\[\]\s]+)(?::([0-9]{1,5}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_ONE_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_BROWSERS = re.compile(r"https?://(\[[0-9a-f:]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")
_HOST = re.compile(r"(\[[0-9a-f:]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def normalise(entry: str) -> str:
    """Return an entry of ``origins`` as a browser writes it, a wildcard's star kept.

    :raises ValueError: its message says what is wrong and what to write.
    """
    if entry == SELF:
        return SELF
    if entry.strip("'").lower() == SELF:
        raise ValueError('write "self" in small letters, without other quotes inside')
    if entry == "*":
        raise ValueError(
            '"*" would let every website spend your calls; name yours, such as "https://www.acme.com"'
        )
    if entry == "null":
        raise ValueError('"null" is what any sandboxed page calls itself; name the websites instead')
    if not entry.isascii():
        raise ValueError(f"write the host as browsers send it, in punycode{_such_as(entry)}")
    match = _ENTRY.fullmatch(entry.lower())
    if match is None or match[1] not in _DEFAULT_PORTS:
        raise ValueError(f"write only http or https, host and port{_such_as(entry)}")
    scheme, host, port = match[1], match[2], int(match[3] or _DEFAULT_PORTS[match[1]])
    if not 1 <= port <= 65535:
        raise ValueError("a port is a number from 1 to 65535")
    host = _wildcard(host) if "*" in host else _host(host)
    return f"{scheme}://{host}" + ("" if port == _DEFAULT_PORTS[scheme] else f":{port}")


def allows(entries: Iterable[str], origin: str | None, host: str) -> bool:
    """Whether a request's ``Origin`` is one of the entries. Whatever the header holds, this never raises.

    :param entries: as :func:`normalise` gives them.
    :param origin: the header as it came; ``None`` where there was none, which is not allowed.
    :param host: the request's own ``Host``, for the entry ``self``.
    """
    if not origin or origin == "null":
        return False
    for entry in entries:
        if entry == SELF:
            if _same(origin, host):
                return True
        elif "*" in entry:
            head, _, tail = entry.partition("*")
            label = origin[len(head) : len(origin) - len(tail)]
            if origin == head + label + tail and _ONE_LABEL.fullmatch(label):
                return True
        elif origin == entry:
            return True
    return False


def _same(origin: str, host: str) -> bool:
    # The scheme is left out on purpose: TLS ends at the proxy, so the request's own says nothing. With it go
    # both default ports, on both sides.
    if not _BROWSERS.fullmatch(origin) or not _HOST.fullmatch(host.lower()):
        return False
    return _without_port(origin.partition("://")[2]) == _without_port(host.lower())


def _without_port(authority: str) -> str:
    return authority.removesuffix(":80") if authority.endswith(":80") else authority.removesuffix(":443")


def _wildcard(host: str) -> str:
    rest = host[2:]
    if not host.startswith("*.") or "*" in rest:
        raise ValueError('a star may stand for the whole first label only, such as "https://*.acme.com"')
    if rest.count(".") < 1 or not all(rest.split(".")):
        raise ValueError('at least two labels have to follow the star, such as "https://*.acme.com"')
    plain = _host(rest)
    if _NUMBER.fullmatch(plain.rpartition(".")[2]):
        raise ValueError("a star can't stand for a part of an IP address")
    return f"*.{plain}"


def _host(host: str) -> str:
    if host.startswith("["):
        try:
            address = IPv6Address(host[1:-1])
        except AddressValueError:
            raise ValueError("the IPv6 address in brackets is none") from None
        if address.scope_id or address.ipv4_mapped:
            raise ValueError("write the IPv4 address, or an IPv6 address without a zone")
        return f"[{address.compressed}]"
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(host))
        except AddressValueError:
            raise ValueError("write an IP address as four plain numbers, such as 192.0.2.10") from None
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("the host is not one that a browser could reach")
    return host


def _such_as(entry: str) -> str:
    """An example to write instead: what the entry's author most likely meant, where that can be told."""
    example = "https://www.acme.com"
    try:
        parts = urlsplit(entry if "://" in entry else f"https://{entry}")
        host = parts.hostname or ""
        star = "*." if host.startswith("*.") else ""
        if not host.isascii():
            # UTS 46 is the browsers' own mapping; Python's codec has that of 2003, with other answers.
            host = star + idna.encode(host.removeprefix(star), uts46=True).decode()
        host = f"[{host}]" if ":" in host else host
        if parts.scheme in _DEFAULT_PORTS and _ENTRY.fullmatch(f"https://{host}"):
            example = normalise(f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else ""))
    except ValueError:
        pass
    return f", such as {json.dumps(example)}"
