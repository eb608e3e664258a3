from bench.smoke import accepting, calling, recorded, running, shortfall, storing


def test_every_measure_of_the_smoke_has_a_value_on_record() -> None:
    assert recorded().keys() == {measure.__name__ for measure in (accepting, running, calling, storing)}


def test_the_best_of_the_rounds_counts() -> None:
    assert shortfall("running", (1.0, 6.0, 2.0), on_record=10.0) is None


def test_what_falls_below_its_share_of_the_record_is_told() -> None:
    assert shortfall("running", (1.0, 5.9, 2.0), on_record=10.0) == (
        "running: 5.90 at best, less than 0.6 of the 10.00 on record"
    )
