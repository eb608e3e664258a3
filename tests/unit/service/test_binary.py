"""CloudEvents' binary mode: attributes in headers, data in the body."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.model import Trigger
from service import cloudevents
from service.cloudevents import form_of
from service.problems import Malformed

REQUIRED = {"specversion": "1.0", "type": "product.launched", "source": "urn:shop", "id": "1"}
JSON = (b"content-type", b"application/json; charset=utf-8")


def read(attributes: dict[str, str], body: bytes = b"{}", *, content: tuple[bytes, bytes] | None = JSON) -> Trigger:
    headers = [(b"ce-" + name.encode(), value.encode("latin-1")) for name, value in attributes.items()]
    headers += [content] if content else []
    assert form_of(headers).mode == "binary"
    return cloudevents.read(form_of(headers), headers, body)


def test_every_attribute_is_read_from_its_header_and_the_data_from_the_body() -> None:
    ours = {
        "portal": "acme",
        "priority": "high",
        "notbefore": "2026-03-02T00:00:00Z",
        "sequence": "0042",
        "callbackurl": "https://shop.example/done?of=1",
    }
    more = {"subject": "sku-1", "time": "2026-03-01T12:00:00.250%2B01:00"}
    assert read(REQUIRED | more | ours, b'{"name": "Lamp"}') == Trigger(
        type="product.launched",
        source="urn:shop",
        id="1",
        subject="sku-1",
        time=1_772_362_800_250,
        data={"name": "Lamp"},
        portal="acme",
        priority="high",
        notbefore=1_772_409_600_000,
        sequence=42,
        callbackurl="https://shop.example/done?of=1",
    )


def test_it_is_the_same_trigger_as_in_the_structured_mode() -> None:
    body = json.dumps(REQUIRED | {"data": {"name": "Lamp"}}).encode()
    structured = [(b"content-type", b"application/cloudevents+json")]
    assert read(REQUIRED, b'{"name": "Lamp"}') == cloudevents.read(form_of(structured), structured, body)


@pytest.mark.parametrize(
    ("header", "subject"),
    [
        ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro \u20ac \U0001f600"),
        ("Euro%20%e2%82%ac", "Euro \u20ac"),
        ("%41", "A"),
        ("100%25", "100%"),
        ("100%2525", "100%25"),
        ('"in quotes"', "in quotes"),
        ('"with \\"both\\" and %20"', 'with "both" and  '),
        ('half "quoted"', 'half "quoted"'),
    ],
)
def test_a_header_is_unquoted_and_then_percent_decoded_once(header: str, subject: str) -> None:
    assert read(REQUIRED | {"subject": header}).subject == subject


@pytest.mark.parametrize("header", ["%C0%A0", "%ff", "\xe9", "%ED%A0%80"])
def test_what_is_not_utf_8_once_decoded_is_refused(header: str) -> None:
    with pytest.raises(Malformed, match="ce-subject"):
        read(REQUIRED | {"subject": header})


@given(st.text(min_size=1, max_size=50).filter(lambda text: text.encode("utf-8", "ignore").decode() == text))
def test_any_text_arrives_as_it_was_sent(text: str) -> None:
    assert read(REQUIRED | {"subject": quote(text, safe="")}).subject == text


@pytest.mark.parametrize("missing", ["type", "source", "id"])
def test_what_the_standard_requires_must_be_there(missing: str) -> None:
    with pytest.raises(Malformed):
        read({name: value for name, value in REQUIRED.items() if name != missing})


def test_an_attribute_that_came_twice_is_refused() -> None:
    headers = [*((b"ce-" + name.encode(), value.encode()) for name, value in REQUIRED.items()), (b"ce-id", b"2")]
    with pytest.raises(Malformed, match="more than once"):
        cloudevents.read(form_of(headers), headers, b"{}")


def test_there_need_be_no_data_and_nobody_need_say_that_it_is_json() -> None:
    assert read(REQUIRED, b"", content=None).data == {}
    assert read(REQUIRED, b'{"name": "Lamp"}', content=None).data == {"name": "Lamp"}


@pytest.mark.parametrize("header", ["data", "data_base64", "datacontenttype", "ourown"])
def test_headers_that_are_no_attributes_of_ours_are_passed_over(header: str) -> None:
    assert read(REQUIRED | {header: "x"}, b'{"name": "Lamp"}') == read(REQUIRED, b'{"name": "Lamp"}')


@pytest.mark.parametrize("body", [b"{", b"[]", b"7", b"\xff"])
def test_data_that_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed, match="the body"):
        read(REQUIRED, body)
