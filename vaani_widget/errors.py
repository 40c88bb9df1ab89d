"""Everything that can go wrong, as one tree.

::

    VaaniWidgetError
    ├── ConfigurationError          stops the start, never reaches a browser
    │   ├── SettingError            one key is missing, unknown or wrong
    │   └── AlreadyRegistered       the blueprint was registered twice
    └── Refusal                     answered to the browser as a problem
        ├── BadRequest, TokenInvalid, TokenExpired, OriginNotAllowed, …
        └── UpstreamError           Vaani, or the way to it, failed
            ├── AgentNotFound, UpstreamAuth, UpstreamRejected, UpstreamInvalid
            └── UpstreamBalance, UpstreamLimited, UpstreamUnavailable, UpstreamTimeout

Each class owns its ``code`` and its HTTP ``status``; both are part of the protocol and never change.
Messages are for developers. They never carry a key, a token, an address or metadata.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Spent = Literal["no", "yes", "unknown"]


class VaaniWidgetError(Exception):
    """Base of every error this package raises on purpose."""


class ConfigurationError(VaaniWidgetError):
    """The application can't start as it is configured."""


class SettingError(ConfigurationError):
    """A setting is missing, unknown or wrong.

    :param key: the setting as its author wrote it, such as ``VAANI_WIDGET_SITES.acme.origins``.
    :param remedy: one sentence that says what is wrong and what to write.
    """

    def __init__(self, key: str, remedy: str) -> None:
        super().__init__(f"{key}: {remedy}")
        self.key = key
        self.remedy = remedy


class AlreadyRegistered(ConfigurationError):
    """The blueprint was registered on an application that has it already."""


class Refusal(VaaniWidgetError):
    """A request is turned away.

    :param detail: what was wrong and what to do, for a developer; the class's ``title`` where absent.
    :param field: the member of the request that was wrong, where there is one.
    :param retry_after: whole seconds after which trying again makes sense, where that is known.
    :param spent: whether this cost the owner money; the class's own answer where absent.

    ``spends`` has every answer that the class may give.
    """

    code: str = "internal_error"
    status: int = 500
    title: str = "The server failed."
    retryable: bool = False
    spent: Spent = "no"
    spends: tuple[Spent, ...] = ("no",)

    def __init__(
        self,
        detail: str | None = None,
        *,
        field: str | None = None,
        retry_after: int | None = None,
        spent: Spent | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.field = field
        self.retry_after = retry_after
        if spent is not None:
            self.spent = spent


class InternalError(Refusal):
    title = "The server failed. The log has the reason under this request's id."
    retryable = True
    spent = "unknown"
    spends = ("no", "unknown")


class BadRequest(Refusal):
    code, status = "bad_request", 400
    title = "The body is not what this route takes."


class TokenInvalid(Refusal):
    code, status = "token_invalid", 401
    title = "The token was not made by this server for this purpose."


class TokenExpired(Refusal):
    code, status = "token_expired", 401
    title = "The token is too old. Ask for a new one."
    retryable = True


class OriginNotAllowed(Refusal):
    code, status = "origin_not_allowed", 403
    title = "This origin is not in the site's list of origins."


class AgentNotAllowed(Refusal):
    code, status = "agent_not_allowed", 403
    title = "This agent is not in the site's list of agents."


class GrantInvalid(Refusal):
    code, status = "grant_invalid", 403
    title = "The grant was not signed with this site's secret, or is not a grant."


class GrantExpired(Refusal):
    code, status = "grant_expired", 403
    title = "The grant is too old. Ask the site for a new one."
    retryable = True


class SignedVisitorsOnly(Refusal):
    code, status = "signed_visitors_only", 403
    title = "This site takes calls only with a grant that names a visitor."


class ConsentRequired(Refusal):
    code, status = "consent_required", 403
    title = "This site takes calls only with consent to its current text."


class ChallengeRequired(Refusal):
    code, status = "challenge_required", 403
    title = "Solve the challenge and send the solution with the same token."
    retryable = True
    challenge: Mapping[str, object] | None = None
    """What has to be solved, as JSON with its ``kind``."""


class ChallengeFailed(Refusal):
    code, status = "challenge_failed", 403
    title = "The solution does not fit the challenge."


class SiteNotFound(Refusal):
    code, status = "site_not_found", 404
    title = "No site has this key."


class CallNotFound(Refusal):
    code, status = "call_not_found", 404
    title = "No call has this id."


class NotFound(Refusal):
    code, status = "not_found", 404
    title = "Nothing is at this path."


class MethodNotAllowed(Refusal):
    code, status = "method_not_allowed", 405
    title = "This path does not take this method."


class TokenSpent(Refusal):
    code, status = "token_spent", 409
    title = "This token has started a call already. Ask for a new one."


class BodyTooLarge(Refusal):
    code, status = "body_too_large", 413
    title = "The body is larger than 16 KiB."


class UnsupportedMediaType(Refusal):
    code, status = "unsupported_media_type", 415
    title = "Send JSON as text/plain or application/json."


class SettingsInvalid(Refusal):
    code, status = "settings_invalid", 422
    title = "A call setting has the wrong type or is out of range."


class RateLimited(Refusal):
    code, status = "rate_limited", 429
    title = "Too many requests from this visitor."
    retryable = True


class SiteBusy(Refusal):
    code, status = "site_busy", 429
    title = "All of the site's lines are in use."
    retryable = True


class BudgetSpent(Refusal):
    code, status = "budget_spent", 429
    title = "The site's calls for today are used up."
    retryable = True


class SiteDisabled(Refusal):
    code, status = "site_disabled", 503
    title = "The owner has switched this site off."


class StoreUnavailable(Refusal):
    code, status = "store_unavailable", 503
    title = "The ledger can't be reached, so nothing is spent."
    retryable = True


class UpstreamError(Refusal):
    """Vaani refused, or the way to it failed. ``spent`` says what the owner paid for it."""


class AgentNotFound(UpstreamError):
    code, status = "agent_not_found", 502
    title = "Vaani has no agent with this name or id."


class UpstreamAuth(UpstreamError):
    code, status = "upstream_auth", 502
    title = "Vaani does not accept the API key."


class UpstreamRejected(UpstreamError):
    code, status = "upstream_rejected", 502
    title = "Vaani did not accept the request."
    spends = ("no", "unknown")


class UpstreamInvalid(UpstreamError):
    code, status = "upstream_invalid", 502
    title = "Vaani's answer is not what its documentation promises."
    spent = "unknown"
    spends = ("unknown",)


class UpstreamBalance(UpstreamError):
    code, status = "upstream_balance", 503
    title = "The Vaani account's balance is used up."


class UpstreamLimited(UpstreamError):
    code, status = "upstream_limited", 503
    title = "Vaani asks to slow down."
    retryable = True


class UpstreamUnavailable(UpstreamError):
    code, status = "upstream_unavailable", 503
    title = "Vaani can't be reached, or failed."
    retryable = True
    spent = "unknown"
    spends = ("no", "unknown")


class UpstreamTimeout(UpstreamError):
    code, status = "upstream_timeout", 504
    title = "Vaani did not answer in time."
    retryable = True
    spent = "unknown"
    spends = ("no", "unknown")


def _leaves(base: type[Refusal]) -> list[type[Refusal]]:
    below = base.__subclasses__()
    return [leaf for child in below for leaf in _leaves(child)] if below else [base]


REFUSALS: dict[str, type[Refusal]] = {refusal.code: refusal for refusal in _leaves(Refusal)}
"""Every refusal by its code."""
