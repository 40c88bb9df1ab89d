"""Who a visitor is, as far as limits go: the network that a request came from, or who a grant says it is."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_PREFIX = 64
"""Bits. Whoever has one IPv6 address has 2**64 of them: a /64 is the least that is given to anybody."""


def network(address: str) -> str:
    """The address as limits count it: IPv4 as it is, also where it is mapped into IPv6; IPv6 by its /64.

    :param address: as the server has it; what is no IP address (a UNIX socket's peer has none) stays as it
        is, so that all of those together are one visitor.
    """
    found = parse(address)
    if isinstance(found, IPv6Address):
        return str(IPv6Network((int(found), _PREFIX), strict=False))
    return address if found is None else str(found)


def is_private(address: str) -> bool:
    """Whether nobody on the internet has this address: a proxy's or a container's, most likely."""
    found = parse(address)
    return found is not None and (found.is_private or found.is_link_local or found.is_loopback)


def parse(address: str) -> IPv4Address | IPv6Address | None:
    """:return: none where it is no IP address. A zone is left out, and the port that some gateways write
    behind the address: each connection has another.
    """
    host = address.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        found = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
