import random
from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from simulator.listing import SORTS, Listing, Wanted
from simulator.portal import Campaign, Portal


def a_portal() -> Portal:
    return Portal(random.Random(7))  # noqa: S311  the same ids in every run


NAMES = st.sampled_from(["Sale", "sale", "Flash Sale 2", "Spring", "ÄPFEL", "Äpfel"])


class Lists(RuleBasedStateMachine):
    """A portal beside the simplest list one could keep of it."""

    def __init__(self) -> None:
        super().__init__()
        self.portal = a_portal()
        self.listing = Listing(self.portal)
        self.kept: list[Campaign] = []
        self.now = 1_000

    @rule(name=NAMES, gap=st.integers(min_value=-50, max_value=300), lag=st.sampled_from([0, 0, 400]))
    def create(self, name: str, gap: int, lag: int) -> None:
        """The clock may go back a little."""
        self.now += gap
        self.kept.append(self.portal.create({"hs_name": name}, now=self.now, lag=lag))

    @precondition(lambda self: self.kept)
    @rule(which=st.integers(min_value=0, max_value=99), name=NAMES)
    def rename(self, which: int, name: str) -> None:
        """A new name moves a campaign within lists by name."""
        self.portal.change(self.kept[which % len(self.kept)], {"hs_name": name}, self.now)

    @precondition(lambda self: self.kept)
    @rule(which=st.integers(min_value=0, max_value=99))
    def archive(self, which: int) -> None:
        """A deleted campaign leaves every list."""
        self.portal.archive(self.kept.pop(which % len(self.kept)))

    @rule(
        needle=st.sampled_from(["", "Sale", "äpfel", "nothing"]),
        minds_case=st.booleans(),
        sort=st.sampled_from(SORTS),
        descending=st.booleans(),
        limit=st.integers(min_value=1, max_value=4),
    )
    def walk(self, needle: str, minds_case: bool, sort: str, descending: bool, limit: int) -> None:
        """All pages together are all campaigns that are asked for, in their order."""
        expected = self._expected(needle, sort, minds_case=minds_case, descending=descending)
        offset: int | None = 0
        walked: list[Campaign] = []
        while offset is not None:
            page = self.listing.page(Wanted(needle, minds_case, sort, descending, offset, limit), self.now)
            assert page.total == len(expected)
            walked += page.rows
            offset = page.next_offset
        assert [campaign.id for campaign in walked] == [campaign.id for campaign in expected]

    def _expected(self, needle: str, sort: str, *, minds_case: bool, descending: bool) -> list[Campaign]:
        def folded(text: str) -> str:
            return text if minds_case else text.casefold()

        keys = {
            "hs_name": lambda row: row.name,
            "createdAt": lambda row: row.created,
            "updatedAt": lambda row: row.updated,
        }
        found = [row for row in self.kept if row.visible <= self.now and folded(needle) in folded(row.name)]
        return sorted(found, key=lambda row: (keys[sort](row), row.number), reverse=descending)

    @invariant()
    def what_stands_is_found_by_id_and_name(self) -> None:
        """The indices never say more or less than the campaigns."""
        assert self.portal.standing == self.kept
        assert all(self.portal.find(campaign.id) is campaign for campaign in self.kept)
        taken = Counter(campaign.name for campaign in self.kept)
        assert all(self.portal.is_taken(name) == (name in taken) for name in ("Sale", "sale", "Spring"))

    @invariant()
    def nothing_is_updated_before_it_was_created(self) -> None:
        """Also when the clock went back."""
        assert all(campaign.created < campaign.updated for campaign in self.portal.ever())


TestLists = Lists.TestCase
TestLists.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_the_same_seed_gives_the_same_ids() -> None:
    first, second = a_portal(), a_portal()
    made = [[portal.create({"hs_name": "a"}, now=0, lag=0).id for _ in range(3)] for portal in (first, second)]
    assert made[0] == made[1]
    assert len(set(made[0])) == 3


def test_an_archived_campaign_is_remembered_but_not_found() -> None:
    portal = a_portal()
    campaign = portal.create({"hs_name": "a"}, now=0, lag=0)
    portal.archive(campaign)
    assert portal.find(campaign.id) is None
    assert list(portal.ever()) == [campaign]


def test_every_numeric_asset_exists_but_those_declared_missing() -> None:
    portal = a_portal()
    portal.missing_assets = frozenset({"7"})
    assert [portal.has_asset(asset_id) for asset_id in ("7", "8", "x", "", "²")] == [False, True, False, False, False]
