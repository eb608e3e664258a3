import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns import keys
from campaigns.model import Trigger
from service.idempotency import key_of
from service.problems import Malformed, NoKey

NAMELESS = Trigger("campaign.requested")
NAMED = Trigger("campaign.requested", source="urn:shop", id="1")


def header(value: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"content-type", b"application/json"), (b"idempotency-key", value)]


def test_the_header_names_the_wish_whatever_the_trigger_says_of_itself() -> None:
    assert key_of(header(b"k-1"), NAMED) == key_of(header(b"k-1"), NAMELESS) == keys.header_key("k-1")


def test_without_a_header_source_and_id_name_it() -> None:
    assert key_of([], NAMED) == keys.event_key("urn:shop", "1")


@pytest.mark.parametrize("trigger", [NAMELESS, Trigger("t", source="urn:shop"), Trigger("t", id="1")])
def test_a_trigger_with_neither_is_refused(trigger: Trigger) -> None:
    with pytest.raises(NoKey):
        key_of([], trigger)


@pytest.mark.parametrize(
    ("quoted", "bare"),
    [(b'"k-1"', b"k-1"), (b'"8e03978e-40d5"', b" 8e03978e-40d5 "), (rb'"a\"b\\c"', rb'a"b\c')],
)
def test_a_quoted_key_is_the_same_as_the_bare_one(quoted: bytes, bare: bytes) -> None:
    assert key_of(header(quoted), NAMELESS) == key_of(header(bare), NAMELESS)


@pytest.mark.parametrize(
    "value",
    [b"", b"  ", b'""', b'"open', b'"a"b"', rb'"a\n"', "clé".encode(), b"a\tb", b"k" * 256, b'"' + b"k" * 256 + b'"'],
)
def test_a_header_that_cannot_be_read_is_refused(value: bytes) -> None:
    """Even where source and id are there: the caller meant something else by it."""
    with pytest.raises(Malformed):
        key_of(header(value), NAMED)


def test_two_headers_are_refused() -> None:
    with pytest.raises(Malformed):
        key_of(header(b"k-1") + header(b"k-2"), NAMED)


PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=255)


@settings(deadline=None)
@given(PRINTABLE)
def test_every_printable_key_can_be_sent_in_quotes(key: str) -> None:
    quoted = '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert key_of(header(quoted.encode()), NAMELESS) == keys.header_key(key)
