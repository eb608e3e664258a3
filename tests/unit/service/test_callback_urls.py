import pytest

from campaigns.settings import Caller
from service.callback_urls import check
from service.problems import CallbackRefused
from tests.settings import CALLBACK_SECRET

SHOP = Caller(
    callback_hosts=("shop.example", "Shop.Internal", "127.0.0.1", "10.1.2.3", "::1", "8.8.8.8", "*.shop.svc"),
    callback_ranges=("127.0.0.0/8",),
    callback_secret=CALLBACK_SECRET,
)
NO_RANGES = Caller(callback_hosts=("shop.example",), callback_secret=CALLBACK_SECRET)


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/done",
        "https://SHOP.example:8443/done?of=1",
        "https://shop.internal",
        "https://8.8.8.8/",
        "https://127.0.0.1/",
        "https://orders.shop.svc/done",
        "https://a.Orders.shop.svc/",
        "http://127.0.0.1:9000/done",
        "http://shop.example/done",
    ],
)
def test_a_named_host_over_https_or_in_a_named_range_may_be_called(url: str) -> None:
    check(url, SHOP)


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/",
        "https://shop.example.elsewhere.example/",
        "https://sub.shop.example/",
        "https://shop.svc/",
        "https://eshop.svc/",
        "https://shop.example@elsewhere.example/",
        "https://user:word@shop.example/",
        "https://10.1.2.3/",
        "https://[::1]/",
        "http://8.8.8.8/",
        "http://10.1.2.3/",
        "ftp://shop.example/",
        "//shop.example/",
        "shop.example/done",
        "https://",
        "https://shop.example:port/",
        "https://shop.example\\@elsewhere.example/",
        "https://shop.exam\tple/",
        "https://shop.example/ done",
        "https://shöp.example/",
        "https://[shop.example/",
        "https://shop.example/" + "a" * 2_048,
    ],
)
def test_any_other_url_is_refused(url: str) -> None:
    with pytest.raises(CallbackRefused):
        check(url, SHOP)


def test_http_is_refused_to_a_caller_without_ranges() -> None:
    check("https://shop.example/", NO_RANGES)
    with pytest.raises(CallbackRefused):
        check("http://shop.example/", NO_RANGES)


def test_a_caller_that_cannot_check_signatures_gets_no_callbacks() -> None:
    with pytest.raises(CallbackRefused):
        check("https://shop.example/", Caller(callback_hosts=("shop.example",)))
