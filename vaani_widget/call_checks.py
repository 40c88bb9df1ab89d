"""The checks that stand before a call, one function each. Their order is in :mod:`vaani_widget.calls`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from .call_settings import Merged, merge
from .challenges import Challenge
from .errors import (
    AgentNotAllowed,
    ChallengeFailed,
    ChallengeRequired,
    ConsentRequired,
    OriginNotAllowed,
    SignedVisitorsOnly,
    SiteDisabled,
    TokenSpent,
)
from .lanes import bounds
from .ledger import Glance
from .services import Services
from .sites import Site
from .tokens import Grant, SiteToken, read_grant


def origin_is_allowed(site: Site, origin: str | None, host: str) -> None:
    if not site.allows_origin(origin, host):
        which = "A request without a page's origin" if origin in (None, "null") else "This origin"
        raise OriginNotAllowed(
            f"{which} may not use the site {site.key!r}; add the page's origin to the site's origins."
        )


def origin_is_the_tokens(token: SiteToken, origin: str | None) -> None:
    if origin is None or origin != token.origin:
        raise OriginNotAllowed("The token was made for another origin. Ask for one from this page.")


def agent_is_the_sites(site: Site, agent: str) -> str:
    if agent not in site.agents:
        raise AgentNotAllowed(f"The site {site.key!r} does not list this agent. Add it to the site's agents.")
    return agent


def grant_of(services: Services, site: Site, token: str | None) -> Grant:
    if token is None:
        return Grant()
    keys = site.secrets or services.keyring.grant_secrets(site.key)
    return read_grant(token, site=site.key, secrets=keys, now=services.clock())


def visitor_is_signed_where_required(site: Site, sub: str | None) -> None:
    if site.require == "signed" and sub is None:
        raise SignedVisitorsOnly


def site_is_enabled(site: Site) -> None:
    if not site.enabled:
        raise SiteDisabled


def token_is_unspent(glance: Glance) -> None:
    if glance.token_spent:
        raise TokenSpent


def visitor_consents(site: Site, version: str | None) -> None:
    if site.consent is None or version == site.consent.version:
        return
    raise ConsentRequired(
        None if version is None else "The visitor agreed to another version. Ask with the current text.",
        field="consent.version",
    )


def today(services: Services) -> date:
    return datetime.fromtimestamp(services.clock(), UTC).date()


def challenge_due(
    services: Services, site: Site, token: SiteToken, anonymous_today: Callable[[], int]
) -> Challenge | None:
    """From half of the anonymous share on, for visitors whom nobody vouched for."""
    if site.challenge == "off" or token.sub is not None or services.challenge is None:
        return None
    if anonymous_today() * 2 < bounds(site).per_day_anonymous:
        return None
    return services.challenge


def challenge_is_solved(
    services: Services, site: Site, token: SiteToken, glance: Glance, solution: str | None
) -> None:
    """A refusal here leaves the token unspent: the solution comes with the same one."""
    challenge = challenge_due(services, site, token, lambda: glance.anonymous_today)
    if challenge is None:
        return
    if solution is None:
        refusal = ChallengeRequired()
        refusal.challenge = challenge.issue(token)
        raise refusal
    if not challenge.solved(token, solution):
        raise ChallengeFailed


def merged_settings(
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
