"""The one exception to "encrypted only": an address that can't leave this machine."""

from __future__ import annotations

from ipaddress import ip_address


def is_loopback(hostname: str) -> bool:
    """Whether the name can only mean this machine: ``localhost``, ``127.0.0.0/8``, ``::1``."""
    if hostname == "localhost":
        return True
    try:
        return ip_address(hostname).is_loopback
    except ValueError:
        return False
