import pytest

from bench.drain import Drained, least_seconds


def test_the_least_time_takes_every_place_as_soon_as_it_is_free() -> None:
    """2,000 campaigns in 40 batches and 4,000 assets: 4,040 calls, of which 190 leave in each ten seconds."""
    assert least_seconds(2_000) == pytest.approx(4_039 / 19 + 0.3)


def test_a_drain_tells_its_share_of_the_least_time_and_what_a_campaign_costs() -> None:
    drained = Drained(runs=100, seconds=2 * least_seconds(100), calls=204, refused=0, stored=150_000)
    assert drained.share == pytest.approx(0.5)
    assert drained.calls_each == pytest.approx(0.04)
    assert drained.bytes_each == 1_500
