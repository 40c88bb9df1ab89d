"""``GET /metrics``: what Prometheus asks, told to whoever has the token and to nobody else.

All of it is read from the ledger at each scrape. So it is the same from whichever worker answers, and a
restart forgets nothing.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from flask import Response, request

from ..errors import InternalError, NotFound, StoreUnavailable
from ..lanes import bounds
from ..ledger import Ledger
from ..ledger_reports import Standing, standings
from ..logs import fields
from ..sites import Site
from .state import current_state, insist_on

if TYPE_CHECKING:
    from prometheus_client import Metric
    from prometheus_client.metrics_core import GaugeMetricFamily

EXTRA_MISSING = "/metrics needs the extra [metrics]: pip install 'vaani-widget[metrics]'."

_log = logging.getLogger("vaani_widget")


def metrics() -> Response:
    """``GET /metrics``.

    A ledger that can't be used is an answer, too: ``vaani_widget_ledger_up 0``, and nothing else.

    :raises NotFound: without the token, and where none is set.
    :raises InternalError: the extra is not installed.
    """
    insist_on({"Cache-Control": "no-store"})
    state = current_state()
    if not _is_the_token(state.settings.metrics_token):
        raise NotFound
    try:
        from prometheus_client import CollectorRegistry
        from prometheus_client.exposition import choose_encoder
    except ImportError:
        _log.error("%s", EXTRA_MISSING, extra=fields("extra_missing"))
        raise InternalError(EXTRA_MISSING, spent="no") from None
    registry = CollectorRegistry()
    registry.register(_Collector(state.services.ledger, state.settings.sites))
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return Response(encode(registry), content_type=content_type)


def _is_the_token(token: str | None) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    given_bytes = given.strip().encode("utf-8", "replace")
    equal = hmac.compare_digest(given_bytes, (token or "").encode())
    return equal and scheme.lower() == "bearer" and bool(token)


class _Collector:
    """One scrape."""

    def __init__(self, ledger: Ledger, sites: Mapping[str, Site]) -> None:
        self._ledger = ledger
        self._sites = sites

    def describe(self) -> Iterable[Metric]:
        """Nothing: or registering would ask the ledger as well."""
        return ()

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.metrics_core import GaugeMetricFamily

        try:
            self._ledger.check()
            found: Mapping[str, Standing] | None = standings(self._ledger)
        except StoreUnavailable:
            found = None
        yield GaugeMetricFamily(
            "vaani_widget_ledger_up",
            "Whether the ledger answers and a call could be reserved. Where it is 0, no call starts.",
            value=float(found is not None),
        )
        if found is not None:
            yield from _families([(site, found.get(key, Standing())) for key, site in self._sites.items()])


def _families(found: list[tuple[Site, Standing]]) -> Iterator[Metric]:
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

    calls = CounterMetricFamily(
        "vaani_widget_calls",
        "Calls since the ledger began. spent: Vaani answered, or nobody could note what it did; "
        "unknown: nobody can tell whether Vaani charged; released: Vaani certainly charged nothing. "
        "spent and unknown count against the budget.",
        labels=["site", "outcome"],
    )
    today = GaugeMetricFamily(
        "vaani_widget_day_calls",
        "Calls of this UTC day that count against the site's budget, by lane.",
        labels=["site", "lane"],
    )
    running = GaugeMetricFamily(
        "vaani_widget_running_calls",
        "Calls that occupy one of the site's lines now, by lane.",
        labels=["site", "lane"],
    )
    limits = {
        name: GaugeMetricFamily(f"vaani_widget_{name}", words, labels=["site"])
        for name, words in (
            ("day_calls_limit", "The site's budget: at most so many calls in one UTC day."),
            ("day_calls_anonymous_limit", "At most so many of a day's calls may be anonymous."),
            ("running_calls_limit", "The site's lines: at most so many calls at a time."),
            ("running_calls_anonymous_limit", "At most so many of the calls at a time may be anonymous."),
        )
    }
    for site, standing in found:
        for outcome in ("spent", "unknown", "released"):
            calls.add_metric([site.key, outcome], getattr(standing, outcome))
        _by_lane(today, site, standing.today, standing.today_anonymous)
        _by_lane(running, site, standing.running, standing.running_anonymous)
        bound = bounds(site)
        values = (bound.per_day, bound.per_day_anonymous, bound.running, bound.running_anonymous)
        for limit, value in zip(limits.values(), values, strict=True):
            limit.add_metric([site.key], value)
    yield from (calls, today, running, *limits.values())


def _by_lane(family: GaugeMetricFamily, site: Site, all_of_them: int, anonymous: int) -> None:
    family.add_metric([site.key, "anonymous"], anonymous)
    family.add_metric([site.key, "signed"], all_of_them - anonymous)
