from bench.rows import Row


def test_a_row_whose_median_reaches_what_it_must_is_ok() -> None:
    row = Row("ours / theirs", (0.4, 0.9, 0.6), least=0.5)
    assert row.ok
    assert str(row) == "ours / theirs: 0.60 (0.40 .. 0.90), at least 0.5: ok"


def test_a_row_whose_median_does_not_falls_short() -> None:
    row = Row("ours / theirs", (0.4, 0.9, 0.4), least=0.5)
    assert not row.ok
    assert str(row).endswith(": falls short")


def test_a_void_row_falls_short_whatever_it_shows() -> None:
    row = Row("ours / theirs", (9.0,), least=0.5, void="the load is too slow")
    assert not row.ok
    assert "void: the load is too slow: falls short" in str(row)
