"""What an old process writes beside new ones is read."""

from campaigns.model import Subject
from campaigns.store import records

EARLIER, LATER = "0001", "0002"


def test_of_what_an_old_process_writes_beside_new_ones_the_newer_counts() -> None:
    orders, values = {"hs_name": LATER, "hs_notes": EARLIER}, {"hs_name": "Launch", "hs_notes": "Soon"}
    known = Subject(None, "mine", orders, values, assets=LATER, wanted=(("FORM", "7"),), archived=LATER)
    old = {"p:hs_name": b"0001", "p:hs_notes": b"0002", "assets": b"0001", "wanted": b"[]"}
    _, kept = records.kept(known)
    told = records.subject({**old, records.KEPT: kept})
    assert (told.orders, told.values) == ({"hs_name": LATER, "hs_notes": LATER}, {"hs_name": "Launch"})
    assert (told.marker, told.assets, told.wanted, told.archived) == ("mine", LATER, (("FORM", "7"),), LATER)
