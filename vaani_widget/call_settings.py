"""Who may set what of a call, and the request that comes of it.

Strongest first: the site's ``locked``, the grant, the page's attributes (for names in the site's
``page_may_set``), the site's ``call``, Vaani's own defaults. What nobody set is not sent.
``metadata`` is merged key by key in the same order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from .call_parameters import PARAMETERS, Kind, Parameter, check, check_metadata, check_metadata_value
from .errors import GrantInvalid, SettingsInvalid

__all__ = [
    "AGENT",
    "GRANT_NEVER",
    "PAGE_MAY_SET",
    "PARAMETERS",
    "Kind",
    "Merged",
    "Parameter",
    "check",
    "check_grant_locked",
    "check_grant_metadata",
    "check_metadata",
    "check_metadata_value",
    "merge",
]

AGENT = frozenset({"agent_id", "agent_name"})
"""The two names of the agent: chosen from the site's list when the site token is made."""

GRANT_NEVER = frozenset({"websocket_url", "env_flag"})
"""Only the site's own tables may set these."""

PAGE_MAY_SET: frozenset[str] = frozenset(
    {
        "primary_language",
        "secondary_language",
        "voice_gender",
        "voice_speed",
        "welcome_interruptible",
        "bg_noise_enabled",
        "bg_noise_volume",
    }
)
"""What a page may set where its site says nothing."""

_NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True)
class Merged:
    """The outcome of :func:`merge`.

    :param body: the JSON body for Vaani.
    :param ignored: what the page sent without a say in it: ``voice_gender``, ``metadata.plan``.
    """

    body: dict[str, object] = field(repr=False)
    ignored: tuple[str, ...]


def merge(
    *,
    agent: str,
    locked: Mapping[str, object] = _NOTHING,
    grant_locked: Mapping[str, object] = _NOTHING,
    page: Mapping[str, object] = _NOTHING,
    call: Mapping[str, object] = _NOTHING,
    page_may_set: Collection[str] = PAGE_MAY_SET,
    metadata_keys: Collection[str] = (),
    grant_metadata: Mapping[str, object] = _NOTHING,
    page_metadata: Mapping[str, object] = _NOTHING,
) -> Merged:
    """Put one call's settings together.

    :param agent: UUID or name, chosen and checked already.
    :param locked: the site's, checked at the start; so is ``call``.
    :param grant_locked: a verified grant's. An agent in it has to be ``agent``.
    :param page: whatever the page sent. A name that it may not set, or that is locked, is not even looked at:
        tightening a site must not break its buttons.
    :raises SettingsInvalid: the page's value of a name that it may set is wrong, or the metadata is too large
        once merged; ``field`` names it.
    :raises GrantInvalid: the grant locks what no grant may, or another agent; ``field`` names it.
    """
    granted = check_grant_locked(grant_locked)
    for name in AGENT & granted.keys():
        if granted.pop(name) != agent:
            raise GrantInvalid("The grant locks another agent than the site token has.", field=name)

    ignored: list[str] = []
    chosen: dict[str, object] = {}
    for name, value in page.items():
        if name not in page_may_set or not _page_can_set(name) or name in locked or name in granted:
            ignored.append(name)
        else:
            chosen[name] = check(name, value)

    trusted = {**check_grant_metadata(grant_metadata), **_metadata_of(locked)}
    said: dict[str, object] = {}
    for key, value in page_metadata.items():
        if key not in metadata_keys or key in trusted:
            ignored.append(f"metadata.{key}")
        else:
            said[key] = check_metadata_value(key, value)

    settings = {**call, **chosen, **granted, **locked, "agent_id": agent}
    settings.pop("agent_name", None)
    settings["metadata"] = check_metadata({**_metadata_of(call), **said, **trusted})
    if not settings["metadata"]:
        del settings["metadata"]
    return Merged({name: settings[name] for name in PARAMETERS if name in settings}, tuple(ignored))


def check_grant_locked(locked: object) -> dict[str, object]:
    """Return what a grant locks, or refuse the grant.

    An agent may be named (``agent_id`` or ``agent_name``); whether it is the site's is for the caller to see.

    :raises GrantInvalid: ``field`` is the setting's name.
    """
    if not isinstance(locked, Mapping):
        raise GrantInvalid("locked is an object of call settings.", field="locked")
    for name, value in locked.items():
        if name in GRANT_NEVER:
            raise GrantInvalid(f"No grant may set {name}; write it in the site's own table.", field=name)
        if name == "metadata":
            raise GrantInvalid("Write metadata as the grant's own claim, not in locked.", field=name)
        try:
            check(name, value)
        except SettingsInvalid as refusal:
            raise GrantInvalid(f"locked: {refusal.detail}", field=refusal.field) from None
    if locked.keys() >= AGENT:
        raise GrantInvalid("Lock agent_id or agent_name, not both.", field="agent_name")
    return dict(locked)


def check_grant_metadata(metadata: object) -> dict[str, object]:
    """Return a grant's metadata, or refuse the grant.

    :raises GrantInvalid: ``field`` is ``metadata`` or ``metadata.KEY``.
    """
    try:
        return check_metadata(metadata)
    except SettingsInvalid as refusal:
        raise GrantInvalid(refusal.detail, field=refusal.field) from None


def _page_can_set(name: str) -> bool:
    # Metadata of a page comes beside its settings, key by key.
    return name in PARAMETERS and name != "metadata" and not PARAMETERS[name].page_never


def _metadata_of(settings: Mapping[str, object]) -> Mapping[str, object]:
    metadata = settings.get("metadata")
    return metadata if isinstance(metadata, Mapping) else _NOTHING
