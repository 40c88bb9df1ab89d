"""Keys that an owner writes down: their length, their rotation, and where they are written."""

from __future__ import annotations

import json
from collections.abc import Mapping

from .errors import SettingError
from .hidden import SecretBytes
from .tables import Table, describe, dotted

SHORTEST = 32
"""Bytes: RFC 7518, 3.2 asks for a key as long as HS256's hash."""

MAKE_ONE = """make one with: python -c "import secrets; print(secrets.token_hex(32))\""""


def parse_keys(where: str, value: object) -> tuple[SecretBytes, ...]:
    """Read one key or a list of them, the newest first.

    :raises SettingError: one is no text or bytes, or under 32 bytes.
    """
    listed = list(value) if isinstance(value, list | tuple) else [value]
    if not listed:
        raise SettingError(where, f"The list is empty; {MAKE_ONE}.")
    keys = []
    for item in listed:
        if not isinstance(item, str | bytes):
            raise SettingError(where, f"Write text in quotes, or a list of it, not {describe(item)}.")
        key = item.encode("utf-8", "surrogatepass") if isinstance(item, str) else item
        if len(key) < SHORTEST:
            raise SettingError(where, f"A key has at least {SHORTEST} bytes, not {len(key)}; {MAKE_ONE}.")
        if key.startswith((b"-----BEGIN", b"ssh-", b"ecdsa-")):
            raise SettingError(
                where, f"This is the key of a key pair, and a shared secret is needed; {MAKE_ONE}."
            )
        keys.append(SecretBytes(key))
    return tuple(keys)


def keys_in_environment(where: str, text: str) -> tuple[SecretBytes, ...]:
    """Read keys from a variable: one as it is, several as a JSON list.

    :raises SettingError: as :func:`parse_keys`; the text begins with ``[`` and is no JSON list.
    """
    if not text.startswith("["):
        return parse_keys(where, text)
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError):
        raise SettingError(where, 'Write several keys as a JSON list: ["new", "old"].') from None
    return parse_keys(where, listed)


def parse_secrets(table: Table, environ: Mapping[str, str]) -> tuple[SecretBytes, ...]:
    """Read a site's ``secret`` or ``secret_env``; nothing where neither is written.

    :raises SettingError: both are written, the variable is not set, or a key is too short.
    """
    if table.has("secret") and table.has("secret_env"):
        raise table.refuse("secret_env", "Write secret or secret_env, not both.")
    if table.has("secret"):
        return parse_keys(dotted(table.where, "secret"), table.raw["secret"])
    variable = table.text("secret_env")
    if variable is None:
        return ()
    if not environ.get(variable):
        raise table.refuse("secret_env", f"The environment variable {variable} is not set; {MAKE_ONE}.")
    return keys_in_environment(f"{dotted(table.where, 'secret_env')} ({variable})", environ[variable])
