import json

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns import keys
from campaigns.errors import CampaignsError, Invalid
from campaigns.model import Trigger
from service import cloudevents
from service.cloudevents import DEEPEST, form_of
from service.problems import Malformed, UnsupportedMediaType

PLAIN = [(b"content-type", b"application/json")]
STRUCTURED = [(b"content-type", b"application/cloudevents+json; charset=UTF-8")]


def read(headers: list[tuple[bytes, bytes]], body: bytes) -> Trigger:
    return cloudevents.read(form_of(headers), headers, body)


def told(**members: object) -> bytes:
    return json.dumps({"type": "campaign.requested", **members}).encode()


def test_every_attribute_that_is_known_is_read() -> None:
    body = told(
        source="urn:shop",
        id="1",
        subject="sku-1",
        time="2026-03-01T12:00:00.250+01:00",
        data={"name": "Lamp"},
        portal="acme",
        priority="high",
        notbefore="2026-03-02T00:00:00Z",
        sequence=7,
        callbackurl="https://shop.example/done",
    )
    assert read(PLAIN, body) == Trigger(
        type="campaign.requested",
        source="urn:shop",
        id="1",
        subject="sku-1",
        time=1_772_362_800_250,
        data={"name": "Lamp"},
        portal="acme",
        priority="high",
        notbefore=1_772_409_600_000,
        sequence=7,
        callbackurl="https://shop.example/done",
    )


def test_a_structured_cloud_event_is_the_same_trigger_as_plain_json() -> None:
    members = {"source": "urn:shop", "id": "1", "data": {"name": "Lamp"}}
    assert read(STRUCTURED, told(specversion="1.0", **members)) == read(PLAIN, told(**members))


EVENT = {"specversion": "1.0", "source": "urn:shop", "id": "1"}


@pytest.mark.parametrize("headers", [PLAIN, STRUCTURED])
def test_attributes_that_we_do_not_know_are_ignored(headers: list[tuple[bytes, bytes]]) -> None:
    """CloudEvents lets anybody on the way add extensions, such as `partitionkey`."""
    unknown = {"partitionkey": "7", "datacontenttype": "application/json", "dataschema": "urn:s", "x": {"not": [1]}}
    assert read(headers, told(**unknown, **EVENT)) == read(headers, told(**EVENT))


@pytest.mark.parametrize("headers", [PLAIN, STRUCTURED])
@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("not_before", "notbefore"),
        ("callback_url", "callbackurl"),
        ("Priority", "priority"),
        ("specVersion", "specversion"),
        ("data-schema", "dataschema"),
        ("dataBase64", "data_base64"),
    ],
)
def test_a_name_that_no_attribute_can_have_is_refused_with_what_was_meant(
    headers: list[tuple[bytes, bytes]], name: str, meant: str
) -> None:
    """Ignored, it would change what is done: a campaign that is for later would be made at once."""
    with pytest.raises(Malformed) as refused:
        read(headers, told(**EVENT, **{name: None}))
    assert str(refused.value) == f"the body: `{name}` is no attribute: names are of a-z and 0-9 (`{meant}`?)"


@pytest.mark.parametrize("name", ["", "my_own", "caf\u00e9", "portals!"])
def test_where_nothing_is_near_only_the_rule_is_told(name: str) -> None:
    with pytest.raises(Malformed) as refused:
        read(PLAIN, told(**{name: 1}))
    assert str(refused.value) == f"the body: `{name}` is no attribute: names are of a-z and 0-9"


def test_names_within_data_are_the_callers_own() -> None:
    assert read(PLAIN, told(data={"Not_Before": {"x-y": 1}})).data == {"Not_Before": {"x-y": 1}}


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"priority": "urgent"}, "Invalid enum value 'urgent' - at `$.priority`; it is high, normal or bulk"),
        ({"specversion": "0.3"}, "Invalid enum value '0.3' - at `$.specversion`; it is 1.0"),
        ({"sequence": "1.5"}, "Expected a whole number or its digits - at `$.sequence`"),
        ({"sequence": 1.5}, "Expected a whole number or its digits - at `$.sequence`"),
    ],
)
def test_what_is_refused_is_told_with_what_can_stand_there(members: dict[str, object], why: str) -> None:
    with pytest.raises(Malformed) as refused:
        read(PLAIN, told(**members))
    assert str(refused.value) == f"the body: {why}"


@pytest.mark.parametrize("body", [b"", b" \n"])
def test_an_empty_body_is_called_that(body: bytes) -> None:
    for tell in (lambda: read(PLAIN, body), lambda: cloudevents.read_batch(body)):
        with pytest.raises(Malformed, match=r"^the body is empty$"):
            tell()


TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
OTHER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_the_trace_of_the_request_is_kept_else_that_of_the_event_and_neither_is_part_of_the_wish() -> None:
    header = [(b"traceparent", TRACE.encode())]
    told_by_event = read(PLAIN, told(traceparent=OTHER))
    told_by_header = read(PLAIN + header, told(traceparent=OTHER))
    assert (told_by_event.traceparent, told_by_header.traceparent) == (OTHER, TRACE)
    assert read(PLAIN, told()).traceparent is None
    assert read([*PLAIN, (b"traceparent", b"nonsense")], told()).traceparent is None
    in_binary = [
        (b"ce-" + n, v) for n, v in ((b"specversion", b"1.0"), (b"type", b"a"), (b"source", b"s"), (b"id", b"1"))
    ]
    assert read([*in_binary, (b"ce-traceparent", OTHER.encode())], b"").traceparent == OTHER
    assert keys.fingerprint(told_by_event) == keys.fingerprint(told_by_header) == keys.fingerprint(read(PLAIN, told()))


def test_null_is_as_good_as_absent() -> None:
    absent = dict.fromkeys(("source", "id", "subject", "time", "data", "portal", "priority", "notbefore", "sequence"))
    assert read(PLAIN, told(**absent)) == Trigger(type="campaign.requested")


def test_a_sequence_may_be_text_of_digits_as_cloud_events_writes_it() -> None:
    assert read(PLAIN, told(sequence="0042")).sequence == 42


@pytest.mark.parametrize("missing", ["specversion", "id", "source", "type"])
def test_a_cloud_event_without_what_the_standard_requires_is_refused(missing: str) -> None:
    members = {"specversion": "1.0", "id": "1", "source": "urn:shop", "type": "campaign.requested"}
    del members[missing]
    with pytest.raises(Malformed):
        read(STRUCTURED, json.dumps(members).encode())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nothing",
        b"[]",
        b"{}",
        b'{"type": ""}',
        b'{"type": "\xff"}',
        b'{"type": "a", "data": "text"}',
        b'{"type": "a", "data_base64": "AAAA"}',
        b'{"type": "a", "time": "2026-03-01T12:00:00"}',
        b'{"type": "a", "time": "tomorrow"}',
        b'{"type": "a", "priority": "urgent"}',
        b'{"type": "a", "sequence": "seven"}',
        b'{"type": "a", "sequence": 1.5}',
        b'{"type": "a", "specversion": "0.3"}',
        b'{"type": "a", "subject": "' + b"s" * 257 + b'"}',
        b'{"type": "a", "data": {"n": 18446744073709551616}}',
        b'{"type": "a", "data": ' + b'{"a":' * DEEPEST + b"{}" + b"}" * DEEPEST + b"}",
        b'{"type": "a", "data": {"a":' + b"[" * 5_000 + b"]" * 5_000 + b"}}",
    ],
)
def test_what_cannot_be_read_or_kept_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        read(PLAIN, body)


@pytest.mark.parametrize("members", [{"sequence": -1}, {"sequence": 2**53 + 1}, {"time": "1969-12-31T23:59:59Z"}])
def test_what_no_lane_can_order_is_refused_before_it_is_stored(members: dict[str, object]) -> None:
    """Inside the script it would fail everything that arrived together with it."""
    with pytest.raises(Invalid):
        read(PLAIN, told(**members))


@pytest.mark.parametrize(
    "kind",
    [
        b"",
        b"text/plain",
        b"application/xml",
        b"application/json; charset=latin-1",
    ],
)
@pytest.mark.parametrize("attributes", [[], [(b"ce-specversion", b"1.0")]])
def test_a_body_of_another_kind_is_not_read(kind: bytes, attributes: list[tuple[bytes, bytes]]) -> None:
    if kind or not attributes:  # data of which nobody says what it is, is JSON
        with pytest.raises(UnsupportedMediaType):
            form_of([(b"content-type", kind), *attributes])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
TIMES = st.datetimes().map(lambda at: at.isoformat() + "Z") | st.text()
MEMBERS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.text(),
        "specversion": st.just("1.0") | JSON,
        "source": st.text() | JSON,
        "id": st.text() | JSON,
        "subject": st.text() | JSON,
        "time": TIMES | JSON,
        "data": st.dictionaries(st.text(), JSON) | JSON,
        "sequence": st.integers() | st.text() | JSON,
        "notbefore": TIMES | JSON,
        "priority": st.sampled_from(["high", "normal", "bulk"]) | JSON,
    },
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy
@given(st.binary() | MEMBERS.map(lambda members: json.dumps(members).encode()))
def test_any_body_is_a_trigger_that_can_be_kept_or_a_problem(body: bytes) -> None:
    try:
        trigger = read(PLAIN, body)
    except CampaignsError:
        return
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(trigger), type=Trigger) == trigger
