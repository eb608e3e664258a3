"""The instruments: few labels, whatever the portals and the errors."""

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from campaigns import errors
from campaigns.observe import AcceptMetrics, CensusMetrics, WorkMetrics
from campaigns.observe.accepting import FAILED
from campaigns.observe.labels import MOST_PORTALS, OTHERS
from campaigns.observe.working import outcome_of
from service.problems import KINDS
from tests.system import metrics


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
    work = WorkMetrics(registry, [f"portal-{number:03}" for number in range(MOST_PORTALS + 2)])
    for number in range(MOST_PORTALS + 2):
        work.of(f"portal-{number:03}").called(None)
    told = generate_latest(registry).decode()
    assert told.count('fanfare_hubspot_calls_total{outcome="done",portal=') == MOST_PORTALS + 1
    assert f'fanfare_hubspot_calls_total{{outcome="done",portal="{OTHERS}"}} 2.0' in told


def test_what_fails_for_reasons_of_ours_is_counted_from_the_beginning() -> None:
    """The alert on failed accepts sees every kind of problem for which a sender of triggers can do nothing."""
    ours = {kind.slug for kind in KINDS if kind.status >= 500} - {"hubspot-away"}  # no acceptance asks HubSpot
    assert set(FAILED) == ours
    registry = CollectorRegistry()
    AcceptMetrics(registry)
    told = generate_latest(registry).decode()
    assert all(f'fanfare_triggers_total{{outcome="{slug}"}} 0.0' in told for slug in ours)


def shown(registry: CollectorRegistry, metric: str) -> dict[str, float]:
    """The values of a metric by portal."""
    return {
        sample.labels["portal"]: sample.value
        for one in registry.collect()
        for sample in one.samples
        if sample.name == metric
    }


def test_slots_are_shown_while_a_portal_is_served_and_no_longer() -> None:
    registry = CollectorRegistry()
    work = WorkMetrics(registry, ["acme"]).of("acme")
    in_hand = [1, 2]
    with work.serving(lambda: len(in_hand), 100):
        in_hand.append(3)
        assert (shown(registry, "fanfare_slots_used"), shown(registry, "fanfare_slots")) == ({"acme": 3}, {"acme": 100})
        assert shown(registry, "fanfare_quota_day_left") == {}, "HubSpot has not said so yet"
        work.day_left = 7
        assert shown(registry, "fanfare_quota_day_left") == {"acme": 7}
    assert shown(registry, "fanfare_slots_used") == {}


def test_what_is_counted_of_portals_without_a_label_of_their_own_is_shown_together() -> None:
    registry = CollectorRegistry()
    portals = [f"portal-{number:03}" for number in range(MOST_PORTALS + 2)]
    CensusMetrics(registry, dict.fromkeys(portals, 190)).counted(
        metrics.a_census(**dict.fromkeys(portals, metrics.PORTAL)), safe=True
    )
    assert len(shown(registry, "fanfare_quota_window_left")) == MOST_PORTALS + 1
    assert shown(registry, "fanfare_quota_window_left")[OTHERS] == 2 * 150
    assert shown(registry, "fanfare_ghosts_sought")[OTHERS] == 2
    assert shown(registry, "fanfare_line_age_seconds")[OTHERS] == 10, "the oldest of all, not the sum of their ages"
