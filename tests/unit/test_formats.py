"""What releases before this one have stored is read: `formats/` keeps what the first of each format has left in Redis.

Each file holds hashes, values in base64: a run as it was `accepted`, the same one `moved` on and recalled, one that
`ended`, and a `subject`.
"""

import json
from base64 import b64decode
from pathlib import Path

import msgspec
import pytest

from campaigns.errors import Newer, Problem
from campaigns.model import Stored, Trigger
from campaigns.states import Done, Failed, Pending, Receipt, Sent, Waiting
from campaigns.store import packing, records
from campaigns.wishes import AddItem, AttachAsset, CreateCampaign, DetachAssets, MendAssets, Undo, UpdateCampaign

FORMATS = Path(__file__).parent / "formats"

TRIGGER = Trigger(
    type="product.launched",
    source="urn:shop",
    id="open",
    subject="kettle",
    time=1_795_000_000_000,
    data={"name": "Kettle", "price": 19.9, "tags": ["a", None, True]},
    portal="acme",
    priority="high",
    sequence=7,
    callbackurl="https://shop.internal/status",
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
)
WISHES = [
    CreateCampaign({"hs_name": "Launch of Kettle", "hs_start_date": "2026-12-01"}, taken="number"),
    DetachAssets(),
    AttachAsset("MARKETING_EMAIL", "1"),
    AttachAsset("FORM", "2"),
    AddItem("budget", "Ads", 100.5, 0, "for ads"),
]
MISSING = Problem(
    "The asset is not there",
    status=404,
    category="OBJECT_NOT_FOUND",
    correlation_id="abc",
    context={"id": ["1"]},
    link="https://developers.hubspot.com",
)

every_format = pytest.mark.parametrize("told", sorted(FORMATS.glob("*.json")), ids=lambda path: path.stem)


def hashes(path: Path, name: str) -> dict[str, bytes]:
    return {field: b64decode(value) for field, value in json.loads(path.read_text())[name].items()}


def run_of(path: Path, name: str) -> Stored:
    return records.read(hashes(path, name))


def test_what_this_release_writes_is_kept_for_those_to_come() -> None:
    assert {(FORMATS / f"{one.decode()}.json").exists() for one in (records.FORMAT, packing.FORMAT)} == {True}


@every_format
def test_a_run_that_was_accepted_is_read(told: Path) -> None:
    stored = run_of(told, "accepted")
    assert (stored.place, stored.version, stored.order[:16]) == ("line", 1, f"{7:016}")
    run = stored.run
    assert (run.caller, run.portal, run.space, run.recipe) == ("shop", "acme", "shared", "product.launched")
    assert run.max_creates_per_hour == 10
    assert run.trigger == TRIGGER
    assert [step.wish for step in run.steps] == WISHES
    assert {step.state for step in run.steps} == {Pending()}
    assert [step.required for step in run.steps] == [True, False, True, False, True]


@every_format
def test_a_run_that_has_moved_is_read(told: Path) -> None:
    stored = run_of(told, "moved")
    assert [step.state for step in stored.run.steps[: len(WISHES)]] == [
        Done(Receipt("c-1", name="Launch of Kettle (2)")),
        Done(Receipt("c-1", superseded=True)),
        Waiting(30_000, 2, 1_795_000_000_500, MISSING),
        Failed(MISSING),
        Sent(5_000, tries=1, since=1_795_000_000_600, problem=Problem("no answer")),
    ]
    assert all(step.at for step in stored.run.steps[: len(WISHES)])
    assert (stored.place, stored.version, stored.run.cancel) == ("flight", 2, "undo")
    assert Undo("create_campaign") in [step.wish for step in stored.run.steps]
    assert [(one.verb, one.by) for one in stored.history] == [("undo", "office")]


@every_format
def test_a_run_that_has_ended_is_read_with_what_is_kept_of_its_callback(told: Path) -> None:
    stored = run_of(told, "ended")
    assert (stored.ending, stored.place, stored.run.campaign) == ("failed", "ended", "c-2")
    assert [step.state for step in stored.run.steps] == [
        Done(Receipt("c-2", adopted=True)),
        Done(Receipt("c-2")),
        Failed(MISSING),
    ]
    assert stored.accepted < (stored.ended or 0)
    assert records.ended(hashes(told, "ended")) == records.Ended("due", 1, 0)


@every_format
def test_a_subject_is_read(told: Path) -> None:
    subject = records.subject(hashes(told, "subject"))
    assert (subject.campaign, subject.marker[:9]) == ("c-1", "[fanfare:")
    assert set(subject.orders) == {"hs_name", "hs_start_date"}
    assert subject.assets == subject.orders["hs_name"] > ""
    assert subject.wanted == (("MARKETING_EMAIL", "1"), ("FORM", "2"))
    assert subject.gone == ()
    assert subject.values in ({}, {"hs_name": "Launch of Kettle", "hs_start_date": "2026-12-01"})  # kept since format 2


def test_what_a_plan_leaves_out_means_what_it_always_meant() -> None:
    """Defaults are not written, so none of them may change: it would change what is stored."""
    wishes = [
        {"is": "create_campaign", "properties": {}},
        {"is": "update_campaign", "properties": {}},
        {"is": "add_item", "kind": "spend", "name": "Ads", "amount": 1.0, "order": 0},
        {"is": "detach_assets"},
        {"is": "mend_assets"},
    ]
    steps = [{"name": str(number), "wish": wish} for number, wish in enumerate(wishes)]
    bare = {
        "id": "r",
        "caller": "c",
        "portal": "p",
        "space": "s",
        "recipe": "x",
        "trigger": {"type": "x"},
        "steps": steps,
    }
    plan = records.FORMAT + msgspec.msgpack.encode(bare)
    run = records.read({"plan": plan, "place": b"line", "version": b"1", "accepted": b"1"}).run
    given = dict.fromkeys(("subject", "time", "portal", "notbefore", "callbackurl", "traceparent"))
    assert run.trigger == Trigger("x", source="", id="", data={}, priority="normal", sequence=0, **given)
    assert (run.max_creates_per_hour, run.cancel) == (None, None)
    assert {(step.required, step.state, step.at) for step in run.steps} == {(True, Pending(), 0)}
    assert [step.wish for step in run.steps] == [
        CreateCampaign({}, another=False, taken="trust"),
        UpdateCampaign({}, upsert=True, taken="trust", mend=False),
        AddItem("spend", "Ads", 1.0, 0, description=""),
        DetachAssets(assets=()),
        MendAssets(wanted=(), gone=()),
    ]


@pytest.mark.parametrize("written", [b"\xff", b""])
def test_another_format_is_a_newer_releases(written: bytes) -> None:
    fields = hashes(FORMATS / "1.json", "accepted")
    with pytest.raises(Newer):
        records.read(fields | {"plan": written + fields["plan"][1:]})


def test_a_kind_of_wish_that_is_not_known_is_a_newer_releases() -> None:
    fields = hashes(FORMATS / "1.json", "accepted")
    assert b"create_campaign" in fields["plan"]
    with pytest.raises(Newer):
        records.read(fields | {"plan": fields["plan"].replace(b"create_campaign", b"renown_campaign")})
