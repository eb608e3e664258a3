"""One post of a callback: what reaches the receiver, and what its answer is taken for."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence

import httpx
import msgspec
import pytest

from campaigns.model import Stored
from campaigns.outbound import Answered, Attempt, Posts, Unanswered, why_not
from campaigns.outbound.posting import DEADLINE, MOST_READ
from campaigns.parking import Message
from campaigns.settings import Caller, Secret, Settings
from tests.builders import a_run
from tests.receiver import calling_back

NOW = 1_767_225_600_000
SETTINGS = calling_back("shop.internal")


async def resolve(_: str) -> Sequence[str]:
    return ["127.0.0.1"]


def an_answer(status: int, headers: dict[str, str] | None = None) -> httpx.Response:
    """An answer whose body is still to be read, as from a network."""
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(b"thanks"))


async def post(
    answer: Callable[[httpx.Request], httpx.Response]
    | Callable[[httpx.Request], Coroutine[None, None, httpx.Response]],
    *,
    url: str = "http://shop.internal/status",
    caller: str = "shop",
    settings: Settings = SETTINGS,
    deadline: float = DEADLINE,
) -> Attempt:
    stored = Stored(a_run("a", caller=caller, callbackurl=url), "ended", 2, accepted=1, ending="done", ended=NOW)
    async with Posts(settings, dial=httpx.MockTransport(answer), resolve=resolve, deadline=deadline) as posts:
        return await posts.post(stored, 1, NOW)


class Body(httpx.AsyncByteStream):
    """A body without an end; counts what is taken of it."""

    def __init__(self, part: bytes = b"x" * 1_000, failure: Exception | None = None) -> None:
        self.taken = 0
        self.closed = False
        self._part = part
        self._failure = failure

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.taken += len(self._part)
            yield self._part
            if self._failure:
                raise self._failure

    async def aclose(self) -> None:
        self.closed = True


async def test_the_status_is_posted_as_signed_json() -> None:
    seen: list[httpx.Request] = []

    def receive(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return an_answer(202)

    assert await post(receive) == Answered(202)
    (request,) = seen
    assert request.method == "POST"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == f"{a_run('a').id}.1"
    assert request.headers["webhook-timestamp"] == str(NOW // 1000)
    assert request.headers["webhook-signature"].startswith("v1,")
    assert request.content.startswith(b'{"id":')


MESSAGE = Message(
    id="acme.shop.1.delayed",
    type="portal.delayed",
    caller="shop",
    portal="acme",
    reason="down",
    time=NOW,
    since=NOW,
    until=NOW + 60_000,
    runs=3,
)


def with_operations(url: str | None, **told: object) -> Settings:
    """Settings whose caller `shop` has its operators at *url*, or as *told*."""
    shop = msgspec.structs.replace(SETTINGS.callers["shop"], operations_url=url, **told)
    return msgspec.structs.replace(SETTINGS, callers={"shop": shop})


def posts(settings: Settings, receive: Callable[[httpx.Request], httpx.Response]) -> Posts:
    return Posts(settings, dial=httpx.MockTransport(receive), resolve=resolve)


async def test_a_message_goes_signed_to_the_callers_operators() -> None:
    seen: list[httpx.Request] = []

    def receive(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return an_answer(204)

    async with posts(with_operations("http://shop.internal/operations"), receive) as told:
        assert told.where(MESSAGE) == "http://shop.internal/operations"
        assert await told.post(MESSAGE, 1, NOW) == Answered(204)
    (request,) = seen
    assert (request.headers["host"], request.url.path) == ("shop.internal", "/operations")
    assert request.headers["webhook-id"] == MESSAGE.id
    assert request.headers["webhook-signature"].startswith("v1,")


async def test_a_message_is_wanted_by_nobody_without_an_address() -> None:
    nobody = msgspec.structs.replace(MESSAGE, caller="unknown")
    async with posts(with_operations(None), lambda _: an_answer(204)) as told:
        assert (told.where(MESSAGE), told.where(nobody)) == (None, None)


async def test_a_message_goes_only_where_the_caller_may_be_reached() -> None:
    for settings in (
        with_operations("http://evil.example/"),
        with_operations("http://shop.internal/", callback_ranges=()),
    ):
        async with posts(settings, lambda _: an_answer(204)) as told:
            assert isinstance(await told.post(MESSAGE, 1, NOW), Unanswered)


async def test_a_message_is_never_posted_unsigned() -> None:
    async with posts(with_operations("http://shop.internal/", callback_secret=None), lambda _: an_answer(204)) as told:
        assert "callback_secret" in str(await told.post(MESSAGE, 1, NOW))


@pytest.mark.parametrize("status", [200, 410, 404, 500])
async def test_the_status_of_the_answer_is_told(status: int) -> None:
    assert await post(lambda _: an_answer(status)) == Answered(status)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    targets: list[str] = []

    def receive(request: httpx.Request) -> httpx.Response:
        targets.append(request.url.path)
        return an_answer(status, {"location": "http://shop.internal/other"})

    assert await post(receive) == Answered(status)
    assert targets == ["/status"]


async def test_retry_after_is_told_in_seconds() -> None:
    date = {"retry-after": "Thu, 01 Jan 2026 00:02:00 GMT", "date": "Thu, 01 Jan 2026 00:00:00 GMT"}
    assert await post(lambda _: an_answer(503, {"retry-after": "30"})) == Answered(503, 30.0)
    assert await post(lambda _: an_answer(429, date)) == Answered(429, 120.0)


async def test_a_large_body_is_left_where_it_is() -> None:
    body = Body()
    assert await post(lambda _: httpx.Response(200, stream=body)) == Answered(200)
    assert body.taken == MOST_READ
    assert body.closed


async def test_a_body_that_breaks_off_changes_nothing() -> None:
    body = Body(failure=httpx.ReadError("broken"))
    assert await post(lambda _: httpx.Response(200, stream=body)) == Answered(200)


async def test_a_cookie_is_not_given_back() -> None:
    cookies: list[str | None] = []

    def receive(request: httpx.Request) -> httpx.Response:
        cookies.append(request.headers.get("cookie"))
        return an_answer(200, {"set-cookie": "who=you"})

    stored = Stored(a_run("a", callbackurl="http://shop.internal/"), "ended", 2, accepted=1, ending="done", ended=NOW)
    async with Posts(SETTINGS, dial=httpx.MockTransport(receive), resolve=resolve) as posts:
        for _ in range(2):
            await posts.post(stored, 1, NOW)
    assert cookies == [None, None]


async def test_a_receiver_that_does_not_answer_in_time_is_given_up() -> None:
    async def hang(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        return an_answer(200)

    assert await post(hang, deadline=0.05) == Unanswered("no answer within the deadline")


async def test_an_answer_counts_though_its_body_never_ends() -> None:
    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"x"
            await asyncio.Event().wait()

    assert await post(lambda _: httpx.Response(200, stream=Endless()), deadline=0.05) == Answered(200)


@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError("refused"), httpx.ReadTimeout(""), httpx.RemoteProtocolError("odd"), OSError("no name")],
)
async def test_a_failed_journey_says_why(error: Exception) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    told = await post(fail)
    assert isinstance(told, Unanswered)
    assert type(error).__name__ in told.problem


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://evil.example/", "callback_hosts"),
        ("ftp://shop.internal/", "UnsupportedProtocol"),
        ("http://[::1/", "InvalidURL"),
        ("shop", "callback_hosts"),
    ],
)
async def test_a_url_that_may_or_can_not_be_posted_to_says_why(url: str, problem: str) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.UnsupportedProtocol(request.url.scheme)

    told = await post(fail, url=url)
    assert isinstance(told, Unanswered)
    assert problem in told.problem


async def test_nothing_is_sent_for_a_caller_who_is_gone_or_has_no_secret() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request)

    for told in (
        await post(fail, caller="gone"),
        await post(fail, settings=calling_back("shop.internal", secret=None)),
    ):
        assert isinstance(told, Unanswered)
        assert "callback_secret" in told.problem


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://shop.internal/status", None),
        ("http://SHOP.internal:8080/status?a=b", None),
        ("https://evil.example/", "callback_hosts"),
        ("https://shop.internal@evil.example/", "callback_hosts"),
        ("ftp://shop.internal/", "http or https"),
        ("/status", "http or https"),
        ("", "http or https"),
        ("http://[::1/", "not a URL"),
    ],
)
def test_whether_a_url_can_be_a_callback_url_is_known_when_it_is_given(url: str, problem: str | None) -> None:
    told = why_not(url, Caller(callback_hosts=("shop.internal",), callback_secret=Secret(env="S")))
    assert (told is None) if problem is None else (told is not None and problem in told)


def test_a_caller_without_a_secret_can_have_no_callbacks() -> None:
    assert "callback_secret" in (why_not("http://shop.internal/", Caller(callback_hosts=("shop.internal",))) or "")
