import pytest

from bench.rows import Row, percentile


def test_a_row_whose_median_reaches_what_it_must_is_ok() -> None:
    row = Row("ours / theirs", (0.4, 0.9, 0.6), least=0.5)
    assert row.ok
    assert str(row) == "ours / theirs: 0.600 (0.400 .. 0.900), at least 0.5: ok"


def test_a_row_whose_median_does_not_falls_short() -> None:
    row = Row("ours / theirs", (0.4, 0.9, 0.4), least=0.5)
    assert not row.ok
    assert str(row).endswith(": falls short")


def test_a_row_may_have_a_most_instead_and_a_unit() -> None:
    row = Row("memory", (70.0, 81.0, 79.5), most=80, unit="MB")
    assert row.ok
    assert str(row) == "memory: 79.5 (70.0 .. 81.0) MB, at most 80 MB: ok"
    assert not Row("memory", (81.0,), most=80, unit="MB").ok


def test_a_void_row_falls_short_whatever_it_shows() -> None:
    row = Row("ours / theirs", (9.0,), least=0.5, void="the load is too slow")
    assert not row.ok
    assert "void: the load is too slow: falls short" in str(row)


def test_the_share_of_what_must_be_reached_counts_the_same_way_for_both() -> None:
    assert Row("rate", (10.0,), least=5).share == 2
    assert Row("time", (2.5,), most=5).share == 2
    assert Row("calls", (0.0,), most=5).share == float("inf")


@pytest.mark.parametrize("bounds", [{}, {"least": 1.0, "most": 2.0}], ids=["none", "both"])
def test_a_row_has_one_bound(bounds: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="either"):
        Row("ours / theirs", (1.0,), **bounds)  # type: ignore[arg-type]


def test_a_percentile_is_a_value_that_was_seen() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([float(number) for number in range(1, 101)], 0.99) == 99.0
    assert percentile([7.0], 0.99) == 7.0


def test_no_values_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)
