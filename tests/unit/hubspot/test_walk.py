"""A walk through pages that change while it reads them."""

from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.hubspot.types import Campaign, Page
from campaigns.hubspot.walk import Again, Complete, Walk, begin, feed

SIZE = 2
SLIPPED = Again("rows have moved up or changed places")


def a_row(number: int, created: int | None = None) -> Campaign:
    return Campaign(f"c-{number}", created_at=number if created is None else created)


def a_page(*numbers: int, after: str | None = None, total: int | None) -> Page[Campaign]:
    return Page(tuple(a_row(number) for number in numbers), after, total)


def walked(*pages: Page[Campaign], oldest: int = 0) -> Walk | Again | Complete:
    """What a walk has come to after *pages*."""
    state: Walk | Again | Complete = begin(oldest)
    for page in pages:
        assert isinstance(state, Walk), "a page more than was asked for"
        state = feed(state, page)
    return state


def test_a_walk_of_one_page_is_complete_with_it() -> None:
    """No gap, so nothing to compare: the commonest look-up costs one call."""
    assert walked(a_page(2, 1, total=2)) == Complete()


def test_an_empty_portal_is_walked_at_once() -> None:
    assert walked(a_page(total=0)) == Complete()


def test_a_walk_asks_for_the_next_cursor_and_for_page_1_at_the_end() -> None:
    first = walked(a_page(4, 3, after="Mg==", total=4))
    assert isinstance(first, Walk)
    assert (first.after, first.closing) == ("Mg==", False)
    second = feed(first, a_page(2, 1, total=4))
    assert isinstance(second, Walk)
    assert (second.after, second.closing) == (None, True)
    assert feed(second, a_page(4, 3, after="Mg==", total=4)) == Complete()


def test_a_walk_ends_where_campaigns_are_older_than_asked() -> None:
    assert walked(a_page(9, 8, after="Mg==", total=9), oldest=9) == Complete()


def test_a_row_of_the_oldest_moment_is_not_old_enough_to_stop() -> None:
    assert isinstance(walked(a_page(9, 8, after="Mg==", total=9), oldest=8), Walk)


def test_age_ends_nothing_where_hubspot_did_not_sort() -> None:
    assert isinstance(walked(a_page(1, 9, 2, after="Mw==", total=9), oldest=5), Walk)


def test_age_ends_nothing_where_a_row_has_no_age() -> None:
    page = Page((a_row(9), Campaign("c-x"), a_row(1)), "Mw==", 9)
    assert isinstance(feed(begin(5), page), Walk)


def test_new_rows_on_top_that_explain_the_total_are_no_trouble() -> None:
    pages = (a_page(4, 3, after="a", total=4), a_page(3, 2, after="b", total=5), a_page(1, total=5))
    assert walked(*pages, a_page(5, 4, after="a", total=5)) == Complete()


def test_a_deletion_between_two_pages_begins_the_walk_anew() -> None:
    """One of rows 4 and 3 is gone: row 2 moved up to the page already read."""
    state = walked(a_page(4, 3, after="a", total=4), a_page(1, total=3))
    assert state == SLIPPED


def test_a_creation_and_a_deletion_in_different_gaps_do_not_cancel_out() -> None:
    """At the end the total is as before and nothing is new on top, yet row 1 was never seen."""
    pages = (a_page(5, 4, after="a", total=5), a_page(4, 3, after="b", total=6), a_page(1, total=5))
    assert walked(*pages) == SLIPPED


def test_a_campaign_that_becomes_visible_late_begins_the_walk_anew() -> None:
    """It was made before the walk and stands among rows already read: counted, but not on top."""
    pages = (a_page(9, 7, after="a", total=4), a_page(7, 2, after="b", total=5), a_page(1, total=5))
    state = walked(*pages, a_page(9, 8, after="a", total=5))
    assert state == Again("the total has grown by other than the new rows on top")


def test_rows_of_one_moment_that_change_places_begin_the_walk_anew() -> None:
    """A batch gives many campaigns one `createdAt`; nothing says how HubSpot orders those."""
    state = walked(a_page(5, 4, after="a", total=4), a_page(4, 2, total=4))
    assert state == SLIPPED


def test_more_new_rows_than_a_page_holds_begin_the_walk_anew() -> None:
    pages = (a_page(2, after="a", total=2), a_page(1, total=2), a_page(3, after="a", total=3))
    assert walked(*pages) == Again("more new campaigns than a page holds")


def test_a_cursor_that_comes_again_begins_the_walk_anew() -> None:
    state = walked(a_page(6, 5, after="a", total=6), a_page(4, 3, after="a", total=6))
    assert state == Again("a cursor came again")


def test_an_empty_page_with_a_cursor_does_not_end_the_walk() -> None:
    """Searches of HubSpot's are known to give short and empty pages before the last."""
    state = walked(a_page(6, 5, after="a", total=3), a_page(after="b", total=3))
    assert isinstance(state, Walk)
    assert state.after == "b"


def test_pages_without_a_total_prove_nothing() -> None:
    assert walked(a_page(2, after="a", total=None)) == Again("a page without a total")


class Portal:
    """Campaigns newest first, read by offset, as HubSpot's cursor does."""

    def __init__(self, size: int) -> None:
        self.numbers = count(size + 1)
        self.rows = [a_row(number) for number in range(size, 0, -1)]

    def page(self, after: str | None) -> Page[Campaign]:
        """What HubSpot shows behind this cursor."""
        begin_at = int(after or "0")
        end = begin_at + SIZE
        return Page(tuple(self.rows[begin_at:end]), str(end) if end < len(self.rows) else None, len(self.rows))

    def change(self, change: int | None) -> None:
        """Create one (None), or delete the one in that place."""
        if change is None:
            self.rows.insert(0, a_row(next(self.numbers)))
        elif self.rows:
            self.rows.pop(change % len(self.rows))


changes = st.lists(st.lists(st.none() | st.integers(0, 9), max_size=3), min_size=2, max_size=12)


@settings(max_examples=1000)  # a walk goes wrong only where a creation and a deletion fall into the right gaps
@given(size=st.integers(0, 10), oldest=st.sampled_from([0, 4]), gaps=changes)
def test_a_complete_walk_has_seen_every_campaign_that_was_there_all_along(
    size: int, oldest: int, gaps: list[list[int | None]]
) -> None:
    """Whatever is created and deleted between two pages, also in one gap, "not there" is never said of one that is."""
    portal, coming = Portal(size), iter(gaps)
    for _ in range(len(gaps) + 1):
        state: Walk | Again | Complete = begin(oldest)
        there, seen = {row.id for row in portal.rows}, set[str]()
        while isinstance(state, Walk):
            page = portal.page(state.after)
            there &= {row.id for row in portal.rows}
            seen |= {row.id for row in page.results}
            state = feed(state, page)
            if isinstance(state, Walk):
                for change in next(coming, []):
                    portal.change(change)
        if isinstance(state, Complete):
            young = {row.id for row in portal.rows if (row.created_at or 0) >= oldest}
            assert there & young <= seen
            return
    raise AssertionError("a quiet portal was walked and the walk did not end")
