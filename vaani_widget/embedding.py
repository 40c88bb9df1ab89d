"""``{{ vaani_widget() }}``: the script tag, a grant where the page's author trusts it with something, and
where the page finds the next one."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, cast

from flask import current_app, g, url_for
from jinja2 import Undefined
from markupsafe import Markup

from .errors import GrantInvalid, SiteNotFound, StoreUnavailable
from .logs import fields
from .own_grants import Visitor, own_grant
from .services import Services
from .sites import Site
from .web.state import State, current_state, insist_on

ATTRIBUTES = (
    "server",
    "agent",
    "primary_language",
    "secondary_language",
    "voice_gender",
    "voice_speed",
    "welcome_message",
    "welcome_interruptible",
    "bg_noise_enabled",
    "bg_noise_volume",
    "grant",
    "grant_url",
    "label",
    "position",
    "variant",
    "theme",
    "accent_color",
    "avatar",
    "z_index",
    "offset_x",
    "offset_y",
    "locale",
    "transcript",
    "text_input",
    "feedback",
    "fallback_url",
    "texts",
)
"""What a tag may say besides its site and metadata, with ``_`` for ``-``; the widget's own list."""

_log = logging.getLogger("vaani_widget")
_OURS = ("visitor", "locked", "metadata", "nonce")


def vaani_widget(
    site: str | None = None,
    *,
    visitor: object = None,
    locked: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    nonce: str | None = None,
    **attributes: object,
) -> Markup:
    """The script tag of a site's button, for a template.

    ``visitor``, ``locked`` and ``metadata`` come from the server and are trusted: they travel in a
    grant, which makes the response ``private, no-store``, since it is one visitor's own. (Where the
    template is streamed, headers have gone by then: set that header yourself.)

    Where the app has a ``grant_loader``, the tag names the address at which the page finds a grant when it
    has none, or an old one: ``grant_url=None`` leaves that out. With a loader and nothing of the three the
    page stays the same for everybody, and may be cached.

    :param site: its key; not needed where there is one site, or one called ``default``.
    :param visitor: who this is, such as ``user.id``: a pseudonym, not a name or an address. Text, a whole
        number or a UUID; for somebody who is not known None, False, empty text or a name that the template
        does not have, as ``current_user.id`` is where nobody is logged in.
    :param locked: call settings that the page can't change.
    :param metadata: for the agent; flat. UUIDs, decimal numbers, dates and times become text.
    :param nonce: of the page's Content-Security-Policy; Flask-Talisman's ``csp_nonce()`` or
        ``g.csp_nonce`` where absent.
    :param attributes: of the widget, such as ``label="Call us"``; None leaves one out.
    :raises TypeError: for an attribute that the widget does not have.
    :raises ValueError: for a site that is not written down, or none named where several are. Under test and
        in debug mode, for what no grant may carry: elsewhere the log says so, and the button goes without.
    """
    state = current_state()
    known = _site(state.services, site)
    _check_names(attributes)
    try:
        grant = _grant(state.services, known, _there(visitor, locked, metadata))
    except (GrantInvalid, StoreUnavailable):
        # The host's page is worth more than a button that could start no call now; the log has why.
        return Markup("")
    if grant is not None:
        if "grant" in attributes:
            raise TypeError("vaani_widget() takes a grant, or what it would make one of, not both")
        attributes["grant"] = grant
        insist_on({"Cache-Control": "private, no-store"})
    attributes.setdefault("grant_url", _grant_url(state, known))
    if known.key != "default":
        attributes = {"site": known.key, **attributes}
    nonce = nonce or _nonce()
    written = [(f"data-{name.replace('_', '-')}", _text(value)) for name, value in attributes.items()]
    if nonce:
        written.append(("nonce", nonce))
    # Where consent is asked for, the loader has to know it at the click: it comes before the microphone.
    # And a panel that is opened before any call offers the site's languages.
    own = bool(known.consent or known.languages)
    endpoint = "site_widget_js" if own else "widget_js"
    src = url_for(f"{state.endpoints}.{endpoint}", site=known.key if own else None)
    tail = Markup("").join(
        Markup(' {}="{}"').format(name, text) for name, text in written if text is not None
    )
    return Markup('<script async src="{}"{}></script>').format(src, tail)


def _there(visitor: object, locked: object, metadata: object) -> Visitor:
    """What is said, without names that the template does not have: ``user.id`` of somebody who is nobody."""
    if isinstance(metadata, Mapping):
        metadata = {key: value for key, value in metadata.items() if not isinstance(value, Undefined)}
    said = {"visitor": visitor, "locked": locked, "metadata": metadata}
    return cast(Visitor, {name: value for name, value in said.items() if not isinstance(value, Undefined)})


def _grant(services: Services, site: Site, said: Visitor) -> str | None:
    """None where nothing is said, and in production also where a mistake is: the host's page is worth more
    than what its button knows.

    What is locked stays: else a visitor whose own name is too long for the metadata would be rid of it.

    :raises ValueError: a mistake, under test and in debug mode.
    :raises GrantInvalid: what is locked is itself a mistake.
    :raises StoreUnavailable: where the key lies in a ledger that can't be reached.
    """
    try:
        return own_grant(services, site, said)
    except GrantInvalid as refusal:
        mistake = f"vaani_widget(): {refusal.detail} ({refusal.field})"
        if current_app.testing or current_app.debug:
            raise ValueError(mistake) from None
        _log.error(
            "%s The page goes without this grant.", mistake, extra=fields("grant_failed", site=site.key)
        )
    return own_grant(services, site, {"locked": said.get("locked")})


def _site(services: Services, key: str | None) -> Site:
    sites = services.settings.sites
    if key is None:
        if len(sites) > 1 and "default" not in sites:
            raise ValueError(f"vaani_widget(): name the site, one of {', '.join(sorted(sites))}")
        key = "default" if "default" in sites else next(iter(sites))
    try:
        return services.site(key)
    except SiteNotFound:
        raise ValueError(f"vaani_widget(): no site {key!r}{_nearest(key, sites)}") from None


def _check_names(attributes: Mapping[str, object]) -> None:
    for name in attributes:
        if name not in ATTRIBUTES:
            raise TypeError(
                f"vaani_widget() has no attribute {name!r}{_nearest(name, (*ATTRIBUTES, *_OURS))}"
            )


def _nearest(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, known := list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(known)}"


def _grant_url(state: State, site: Site) -> str | None:
    """Of the loader's route. None on a subdomain of its own: pages send no cookie of theirs there."""
    if state.grant_loader() is None:
        return None
    url = url_for(f"{state.endpoints}.grant", site=site.key)
    return url if url.startswith("/") and not url.startswith("//") else None


def _nonce() -> str | None:
    """Where hosts keep it: Flask-Talisman's template global, or ``g.csp_nonce``, a text or a function."""
    found = current_app.jinja_env.globals.get("csp_nonce") or g.get("csp_nonce")
    nonce = found() if callable(found) else found
    return str(nonce) if nonce else None


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
