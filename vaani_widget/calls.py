"""The one function that starts a call: every check, in order, once.

Minting a site token asks the same questions as far as they can be asked then, so that a page learns
early what is wrong; starting a call asks them all again, because a site may have changed in between.
Nothing here knows of Flask: what a request brings comes as :class:`Asked`.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from . import shapes
from .call_settings import Merged, merge
from .challenges import Challenge
from .errors import (
    AgentNotAllowed,
    ChallengeFailed,
    ChallengeRequired,
    ConsentRequired,
    OriginNotAllowed,
    Refusal,
    SignedVisitorsOnly,
    SiteDisabled,
    Spent,
    TokenSpent,
)
from .lanes import bounds, lane
from .ledger import Glance, Ledger, Reservation
from .logs import fields
from .services import Services
from .signals import call_refused, call_started, tell
from .sites import Site
from .tokens import SITE_TOKEN_SECONDS, CallToken, Grant, SiteToken, read_grant
from .upstream import Credentials

LEASE_SLACK = 60
"""Seconds that a running call's lease outlives ``max_seconds``: connecting takes some of them."""

_log = logging.getLogger("vaani_widget")


@dataclass(frozen=True)
class Asked:
    """What a request brings.

    :param body: reads the body, once: :class:`~vaani_widget.errors.BodyTooLarge`, ``BadRequest``.
    :param origin: the header ``Origin``, or None.
    :param host: host and port that the request was sent to.
    :param address: the visitor's.
    :param request_id: of the log's lines.
    """

    body: Callable[[], Mapping[str, Any]] = field(repr=False)
    origin: str | None
    host: str
    address: str = field(repr=False)
    request_id: str = "-"


@dataclass(frozen=True)
class Minted:
    """A site token and what a page may know of its site.

    :param challenge: to be solved before the call, where one is due.
    """

    site_token: str
    expires_in: int
    site: Site
    challenge: Mapping[str, object] | None = None


@dataclass(frozen=True)
class Started:
    """A call that Vaani has begun: everything its visitor's browser needs."""

    call_id: str
    credentials: Credentials
    call_token: str
    max_seconds: int
    ignored: tuple[str, ...]


def mint_site_token(services: Services, site_key: str, asked: Asked) -> Minted:
    """Signs a token that starts at most one call of this site, from this origin, with this agent.

    :raises Refusal: one of the codes of the protocol.
    """
    with _told(services, asked) as known:
        known.site = site_key
        wanted = shapes.token_request(asked.body())
        site = services.site(site_key)
        _origin_is_allowed(site, asked.origin, asked.host)
        services.mint_rate.check(asked.address)
        agent = _agent_is_the_sites(site, wanted.agent or site.agents[0])
        grant = _grant(services, site, wanted.grant)
        agent = _agent_is_the_sites(site, grant.agent or agent)
        _visitor_is_signed_where_required(site, grant.sub)
        _site_is_enabled(site)
        _settings(site, agent, grant, {}, {})
        now = int(services.clock())
        token = SiteToken(
            jti=secrets.token_hex(16),
            site=site.key,
            origin=asked.origin or "",
            agent=agent,
            issued_at=now,
            expires_at=now + SITE_TOKEN_SECONDS,
            sub=grant.sub,
            locked=grant.locked,
            metadata=grant.metadata,
        )
        due = _challenge_due(
            services, site, token, lambda: services.ledger.anonymous_today(site.key, _today(services))
        )
        return Minted(
            site_token=services.keyring.sign_site_token(token),
            expires_in=SITE_TOKEN_SECONDS,
            site=site,
            challenge=due.issue(token) if due else None,
        )


def start_call(services: Services, asked: Asked) -> Started:
    """Spends a site token: every check, cheapest first, then one reservation and one request to Vaani.

    :raises Refusal: one of the codes of the protocol; its ``spent`` tells what it cost the owner.
    :raises SettingError: under test, where nothing stands in for Vaani.
    """
    with _told(services, asked) as known:
        wanted = shapes.call_request(asked.body())
        token = services.keyring.read_site_token(wanted.site_token, services.clock())
        known.site = token.site
        site = services.site(token.site)
        _origin_is_the_tokens(token, asked.origin)
        _origin_is_allowed(site, asked.origin, asked.host)
        _agent_is_the_sites(site, token.agent)
        _visitor_is_signed_where_required(site, token.sub)
        _site_is_enabled(site)
        _visitor_consents(site, wanted.consent_version)
        glance = services.ledger.glance(token.jti, site.key, _today(services))
        _token_is_unspent(glance)
        _challenge_is_solved(services, site, token, glance, wanted.challenge_solution)
        grant = Grant(sub=token.sub, locked=token.locked, metadata=token.metadata)
        merged = _settings(site, token.agent, grant, wanted.settings, wanted.metadata)
        vaani = services.vaani
        max_seconds = site.limits.minutes_per_call * 60
        call_id = secrets.token_hex(16)
        reserved = services.ledger.reserve(
            Reservation(
                call_id=call_id,
                token_id=token.jti,
                site=site.key,
                lease_seconds=max_seconds + LEASE_SLACK,
                bounds=bounds(site),
                lane=lane(site, token.sub),
                visitors=services.keyring.visitor_ids(site.key, sub=token.sub, address=asked.address),
                consent_version=site.consent.version if site.consent else None,
            )
        )
        known.call_id = call_id
        credentials = _settled(services.ledger, call_id, lambda: vaani.start_call(merged.body))
        _log.info(
            "call %s started at site %s (request %s)",
            call_id,
            site.key,
            asked.request_id,
            extra=fields("call_started", site=site.key, call_id=call_id, request_id=asked.request_id),
        )
        tell(
            call_started,
            services.sender,
            call_id=call_id,
            site=site.key,
            agent=token.agent,
            visitor=token.sub,
        )
        call_token = CallToken(call_id=call_id, site=site.key, expires_at=int(reserved.lease_until))
        return Started(
            call_id=call_id,
            credentials=credentials,
            call_token=services.keyring.sign_call_token(call_token),
            max_seconds=max_seconds,
            ignored=merged.ignored,
        )


def _origin_is_allowed(site: Site, origin: str | None, host: str) -> None:
    if not site.allows_origin(origin, host):
        which = "A request without a page's origin" if origin in (None, "null") else "This origin"
        raise OriginNotAllowed(
            f"{which} may not use the site {site.key!r}; add the page's origin to the site's origins."
        )


def _origin_is_the_tokens(token: SiteToken, origin: str | None) -> None:
    if origin is None or origin != token.origin:
        raise OriginNotAllowed("The token was made for another origin. Ask for one from this page.")


def _agent_is_the_sites(site: Site, agent: str) -> str:
    if agent not in site.agents:
        raise AgentNotAllowed(f"The site {site.key!r} does not list this agent. Add it to the site's agents.")
    return agent


def _grant(services: Services, site: Site, token: str | None) -> Grant:
    if token is None:
        return Grant()
    keys = site.secrets or services.keyring.grant_secrets(site.key)
    return read_grant(token, site=site.key, secrets=keys, now=services.clock())


def _visitor_is_signed_where_required(site: Site, sub: str | None) -> None:
    if site.require == "signed" and sub is None:
        raise SignedVisitorsOnly


def _site_is_enabled(site: Site) -> None:
    if not site.enabled:
        raise SiteDisabled


def _token_is_unspent(glance: Glance) -> None:
    if glance.token_spent:
        raise TokenSpent


def _visitor_consents(site: Site, version: str | None) -> None:
    if site.consent is None or version == site.consent.version:
        return
    raise ConsentRequired(
        None if version is None else "The visitor agreed to another version. Ask with the current text.",
        field="consent.version",
    )


def _today(services: Services) -> date:
    return datetime.fromtimestamp(services.clock(), UTC).date()


def _challenge_due(
    services: Services, site: Site, token: SiteToken, anonymous_today: Callable[[], int]
) -> Challenge | None:
    """From half of the anonymous share on, for visitors whom nobody vouched for."""
    if site.challenge == "off" or token.sub is not None or services.challenge is None:
        return None
    if anonymous_today() * 2 < bounds(site).per_day_anonymous:
        return None
    return services.challenge


def _challenge_is_solved(
    services: Services, site: Site, token: SiteToken, glance: Glance, solution: str | None
) -> None:
    """A refusal here leaves the token unspent: the solution comes with the same one."""
    challenge = _challenge_due(services, site, token, lambda: glance.anonymous_today)
    if challenge is None:
        return
    if solution is None:
        refusal = ChallengeRequired()
        refusal.challenge = challenge.issue(token)
        raise refusal
    if not challenge.solved(token, solution):
        raise ChallengeFailed


def _settings(
    site: Site, agent: str, grant: Grant, page: Mapping[str, Any], page_metadata: Mapping[str, Any]
) -> Merged:
    return merge(
        agent=agent,
        locked=site.locked,
        grant_locked=grant.locked,
        page=page,
        call=site.call,
        page_may_set=site.page_may_set,
        metadata_keys=site.metadata_keys,
        grant_metadata=grant.metadata,
        page_metadata=page_metadata,
    )


def _settled(ledger: Ledger, call_id: str, ask: Callable[[], Credentials]) -> Credentials:
    """Asks Vaani once, with no transaction open, and writes down what that cost.

    A ledger that fails now changes nothing for the visitor: the reservation stays, so the owner's
    bound holds, and an answer that has been paid for is handed on.
    """
    try:
        credentials = ask()
    except BaseException as failure:
        spent = failure.spent if isinstance(failure, Refusal) else "unknown"
        with _noted(call_id, spent):
            (ledger.release if spent == "no" else ledger.leave_unknown)(call_id)
        raise
    with _noted(call_id, "yes"):
        ledger.commit(call_id, credentials.room_name)
    return credentials


@contextmanager
def _noted(call_id: str, spent: Spent) -> Iterator[None]:
    try:
        yield
    except Refusal as failure:
        _log.error(
            "call %s stays reserved: the ledger could not note that it was spent: %s (%s)",
            call_id,
            spent,
            failure.code,
            extra=fields("call_unsettled", call_id=call_id, spent=spent, code=failure.code),
        )


@dataclass
class _Known:
    """What is known of a request so far, for its line in the log."""

    site: str | None = None
    call_id: str | None = None


@contextmanager
def _told(services: Services, asked: Asked) -> Iterator[_Known]:
    """A refusal inside is logged and sent as a signal, once, with what was known of it by then."""
    known = _Known()
    try:
        yield known
    except Refusal as refusal:
        site = known.site if known.site in services.settings.sites else None
        _log.info(
            "refused %s at site %s, call %s, spent %s (request %s)",
            refusal.code,
            site or "-",
            known.call_id or "-",
            refusal.spent,
            asked.request_id,
            extra=fields(
                "refused",
                code=refusal.code,
                site=site,
                call_id=known.call_id,
                spent=refusal.spent,
                request_id=asked.request_id,
            ),
        )
        tell(
            call_refused,
            services.sender,
            code=refusal.code,
            site=site,
            call_id=known.call_id,
            spent=refusal.spent,
        )
        raise
