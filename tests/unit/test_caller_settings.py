"""What the settings may say of a caller: where things are posted to it, and that all of them are signed."""

from pathlib import Path

import pytest

from campaigns.errors import Invalid
from campaigns.settings import Caller, read

SECRET = "whsec_c2VjcmV0"
WHOLE = {
    "callback_hosts": '["shop.internal", "*.shop.example"]',
    "callback_secret": '{ env = "SHOP_WEBHOOK_SECRET" }',
    "operations_url": '"https://shop.internal/fanfare"',
}


def the_caller(folder: Path, **told: str) -> Caller:
    """The caller `shop` of a file that says this of it."""
    path = folder / "fanfare.toml"
    lines = "".join(f"{name} = {value}\n" for name, value in told.items())
    path.write_text(f'installation = "test"\n[portals]\n[callers.shop]\n{lines}')
    return read({"FANFARE_CONFIG": str(path), "SHOP_WEBHOOK_SECRET": SECRET}).callers["shop"]


def without(name: str) -> dict[str, str]:
    return {other: value for other, value in WHOLE.items() if other != name}


def test_a_caller_may_have_an_address_for_its_operators(tmp_path: Path) -> None:
    assert the_caller(tmp_path, **WHOLE).operations_url == "https://shop.internal/fanfare"


@pytest.mark.parametrize("host", ["shop.internal", "eu.shop.example", "a.b.shop.example"])
def test_that_address_is_on_a_host_that_the_caller_names(tmp_path: Path, host: str) -> None:
    assert the_caller(tmp_path, **(WHOLE | {"operations_url": f'"https://{host}/x"'})).operations_url


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://other.internal/x", "callback_hosts"),
        ("https://shop.example/x", "callback_hosts"),
        ("http://shop.internal/x", "callback_ranges"),
        ("ftp://shop.internal/x", "http or https"),
        ("https://shop:secret@shop.internal/x", "without a user"),
        ("shop.internal", "http or https"),
        ("https://shop.internal:99999/x", "operations_url"),
    ],
)
def test_an_address_where_nothing_can_be_posted_is_refused_at_the_start(tmp_path: Path, url: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        the_caller(tmp_path, **(WHOLE | {"operations_url": f'"{url}"'}))


def test_plain_http_goes_where_private_addresses_are_named(tmp_path: Path) -> None:
    told = WHOLE | {"operations_url": '"http://shop.internal/x"', "callback_ranges": '["10.0.0.0/8"]'}
    assert the_caller(tmp_path, **told).operations_url == "http://shop.internal/x"


@pytest.mark.parametrize("left", ["callback_hosts", "operations_url"])
def test_nothing_is_posted_unsigned(tmp_path: Path, left: str) -> None:
    with pytest.raises(Invalid, match="callback_secret"):
        the_caller(tmp_path, **{left: WHOLE[left]})


def test_a_caller_without_callbacks_needs_no_secret(tmp_path: Path) -> None:
    assert the_caller(tmp_path).callback_secret is None
    assert the_caller(tmp_path, **without("operations_url")).operations_url is None
