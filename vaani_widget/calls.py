"""The one function that starts a call: every check, in order, once.

Minting a site token asks the same questions as far as they can be asked then, so that a page learns
early what is wrong; starting a call asks them all again, because a site may have changed in between.
Nothing here knows of Flask: what a request brings comes as :class:`Asked`.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import call_checks as checks
from . import shapes
from .call_records import Known, settled, told_if_refused
from .call_settings import Merged
from .lanes import bounds, lane
from .ledger import Reservation
from .logs import fields
from .services import Services
from .shapes import CallRequest
from .signals import call_started, tell
from .sites import Site
from .tokens import SITE_TOKEN_SECONDS, CallToken, Grant, SiteToken
from .upstream import Credentials, VaaniClient

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
    with told_if_refused(services, asked.request_id) as known:
        known.site = site_key
        wanted = shapes.token_request(asked.body())
        site = services.site(site_key)
        checks.origin_is_allowed(site, asked.origin, asked.host)
        services.mint_rate.check(asked.address)
        agent = checks.agent_is_the_sites(site, wanted.agent or site.agents[0])
        grant = checks.grant_of(services, site, wanted.grant)
        agent = checks.agent_is_the_sites(site, grant.agent or agent)
        checks.visitor_is_signed_where_required(site, grant.sub)
        checks.site_is_enabled(site)
        checks.merged_settings(site, agent, grant, {}, {})
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
        due = checks.challenge_due(
            services, site, token, lambda: services.ledger.anonymous_today(site.key, checks.today(services))
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
    with told_if_refused(services, asked.request_id) as known:
        wanted = shapes.call_request(asked.body())
        with services.ledger.together():
            call = _reserve(services, asked, wanted, known)
        credentials = settled(services.ledger, call.id, lambda: call.vaani.start_call(call.merged.body))
        site = call.token.site
        _log.info(
            "call %s started at site %s (request %s)",
            call.id,
            site,
            asked.request_id,
            extra=fields("call_started", site=site, call_id=call.id, request_id=asked.request_id),
        )
        tell(
            call_started,
            services.sender,
            call_id=call.id,
            site=site,
            agent=call.token.agent,
            visitor=call.token.sub,
        )
        call_token = CallToken(call_id=call.id, site=site, expires_at=int(call.lease_until))
        return Started(
            call_id=call.id,
            credentials=credentials,
            call_token=services.keyring.sign_call_token(call_token),
            max_seconds=call.max_seconds,
            ignored=call.merged.ignored,
        )


@dataclass(frozen=True)
class _Call:
    """A call that is reserved, and what Vaani is asked for it."""

    id: str
    token: SiteToken
    merged: Merged
    vaani: VaaniClient
    max_seconds: int
    lease_until: float


def _reserve(services: Services, asked: Asked, wanted: CallRequest, known: Known) -> _Call:
    """All that comes before Vaani is asked."""
    token = services.keyring.read_site_token(wanted.site_token, services.clock())
    known.site = token.site
    site = services.site(token.site)
    checks.origin_is_the_tokens(token, asked.origin)
    checks.origin_is_allowed(site, asked.origin, asked.host)
    checks.agent_is_the_sites(site, token.agent)
    checks.visitor_is_signed_where_required(site, token.sub)
    checks.site_is_enabled(site)
    checks.visitor_consents(site, wanted.consent_version)
    glance = services.ledger.glance(token.jti, site.key, checks.today(services))
    checks.token_is_unspent(glance)
    checks.challenge_is_solved(services, site, token, glance, wanted.challenge_solution)
    grant = Grant(sub=token.sub, locked=token.locked, metadata=token.metadata)
    merged = checks.merged_settings(site, token.agent, grant, wanted.settings, wanted.metadata)
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
    return _Call(call_id, token, merged, vaani, max_seconds, reserved.lease_until)
