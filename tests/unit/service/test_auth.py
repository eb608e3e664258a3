import pytest

from campaigns.errors import Forbidden
from service.auth import Callers
from service.problems import PortalRefused, Unauthenticated
from tests.settings import API_KEYS, some_settings

CALLERS = Callers.of(some_settings("unix:///nowhere"))


def authorization(value: str) -> list[tuple[bytes, bytes]]:
    return [(b"host", b"localhost"), (b"authorization", value.encode())]


@pytest.mark.parametrize("name", API_KEYS)
def test_a_caller_is_known_by_its_key(name: str) -> None:
    assert CALLERS.asking(authorization(f"Bearer {API_KEYS[name]}")).name == name


def test_the_scheme_may_be_written_in_any_case() -> None:
    assert CALLERS.asking(authorization(f"bearer {API_KEYS['shop']}")).name == "shop"


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic key-of-shop", "key-of-shop"])
def test_whoever_bears_no_known_key_is_nobody(value: str) -> None:
    with pytest.raises(Unauthenticated):
        CALLERS.asking(authorization(value))


def test_a_request_without_the_header_is_nobodys() -> None:
    with pytest.raises(Unauthenticated):
        CALLERS.asking([])


def test_a_caller_does_what_it_has_the_right_to_and_an_admin_everything() -> None:
    shop, office = (CALLERS.asking(authorization(f"Bearer {API_KEYS[name]}")) for name in ("shop", "office"))
    shop.needs("send")
    office.needs("operate")
    with pytest.raises(Forbidden):
        shop.needs("operate")


def test_a_portal_that_is_not_there_is_refused_like_somebody_elses() -> None:
    shop = CALLERS.asking(authorization(f"Bearer {API_KEYS['shop']}"))
    shop.needs_portal("acme")
    with pytest.raises(PortalRefused):
        shop.needs_portal("nowhere")
