import pytest

from simulator.ledger import Ledger, Stats, enter, row, settle, wishes

MARKER = "[fanfare:run.1.subject]"


@pytest.mark.parametrize(
    "body",
    [
        b'{"properties": {"hs_name": "a", "hs_notes": "x [fanfare:run.1.subject] y"}}',
        b'{"properties": {"our_marker": "[fanfare:run.1.subject]"}}',
        b'{"name": "TV", "amount": 1, "order": 0, "description": "[fanfare:run.1.subject]"}',
        b'{"properties": {"hs_notes": "\\u005bfanfare:run.1.subject]"}}',
    ],
)
def test_a_marker_is_found_wherever_it_stands(body: bytes) -> None:
    assert wishes("", None, body) == [(MARKER, None)]


def test_each_item_of_a_batch_is_a_wish_of_its_own() -> None:
    body = b'{"inputs": [{"id": "a", "properties": {"hs_notes": "[fanfare:x]"}}, {"id": "b", "properties": {}}]}'
    assert wishes("/batch/update", None, body) == [("[fanfare:x]", "a"), (None, "b")]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"inputs": 3}', b'{"inputs": []}', b'{"properties": {"hs_notes": "["}}']
)
def test_a_body_that_says_little_is_one_wish_without_a_marker(body: bytes) -> None:
    assert wishes("/batch/create", None, body) == [(None, None)]


def test_what_became_of_a_wish_is_noted_in_its_row() -> None:
    ledger = Ledger()
    rows = enter(ledger, row(1_500, "POST", "/x"), [("[fanfare:a]", None), ("[fanfare:b]", None)])
    settle(rows, ("first", None))
    assert [(entry.time, entry.marker, entry.committed, entry.campaign) for entry in ledger.rows] == [
        (1.5, "[fanfare:a]", True, "first"),
        (1.5, "[fanfare:b]", False, None),
    ]


def test_stats_count_by_operation_and_status_and_a_cut_is_a_zero() -> None:
    ledger = Ledger()
    for operation, status in (("POST /", 201), ("POST /", 0), ("POST /clone", 201)):
        ledger.count(operation, status)
    assert ledger.stats(campaigns=2) == Stats(3, {"0": 1, "201": 2}, {"POST /": 2, "POST /clone": 1}, 2)
