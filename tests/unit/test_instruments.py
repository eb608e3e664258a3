"""The instruments: few labels, whatever the portals and the errors."""

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from campaigns import errors
from campaigns.observe import AcceptMetrics, WorkMetrics
from campaigns.observe.accepting import FAILED
from campaigns.observe.labels import MOST_PORTALS, OTHERS
from campaigns.observe.working import outcome_of
from service.problems import KINDS


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "done"),
        (errors.Refused(), "refused"),
        (errors.RateLimited(), "rate_limited"),
        (errors.Revoked(), "unauthorized"),
        (errors.MissingScope(), "missing_scope"),
        (errors.Later(), "later"),
        (errors.InDoubt(), "in_doubt"),
        (errors.Invalid(), "fault"),
    ],
)
def test_every_call_to_hubspot_ends_in_one_of_few_words(error: errors.CampaignsError | None, outcome: str) -> None:
    assert outcome_of(error) == outcome


def test_portals_beyond_the_most_are_counted_together() -> None:
    registry = CollectorRegistry()
    metrics = WorkMetrics(registry, [f"portal-{number:03}" for number in range(MOST_PORTALS + 2)])
    for number in range(MOST_PORTALS + 2):
        metrics.of(f"portal-{number:03}").called(None)
    shown = generate_latest(registry).decode()
    assert shown.count('fanfare_hubspot_calls_total{outcome="done",portal=') == MOST_PORTALS + 1
    assert f'fanfare_hubspot_calls_total{{outcome="done",portal="{OTHERS}"}} 2.0' in shown


def test_what_fails_for_reasons_of_ours_is_counted_from_the_beginning() -> None:
    """The alert on failed accepts sees every kind of problem for which a sender of triggers can do nothing."""
    ours = {kind.slug for kind in KINDS if kind.status >= 500} - {"hubspot-away"}  # no acceptance asks HubSpot
    assert set(FAILED) == ours
    registry = CollectorRegistry()
    AcceptMetrics(registry)
    shown = generate_latest(registry).decode()
    assert all(f'fanfare_triggers_total{{outcome="{slug}"}} 0.0' in shown for slug in ours)
