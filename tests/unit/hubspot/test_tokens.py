"""Where the bearer token comes from: one refresh at a time, before the end and after a 401."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import Later, Revoked, Unauthorized
from campaigns.hubspot.tokens import Access, Grant, OAuthToken, Post, StaticToken, granted, sendable
from campaigns.hubspot.wire import Answer

GRANT = Grant("client", "s3cret", "refresh-1")
URL = "http://hubspot.test/oauth/v1/token"


class Clock:
    """Seconds, as a test wants them."""

    now = 100.0

    def __call__(self) -> float:
        """What it is now."""
        return self.now


class Shelf:
    """What all processes share: in memory here."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.access: Access | None = None
        self.since = 0.0
        self.rotated: str | None = None
        self.lock = asyncio.Lock()
        self.turns = 0

    async def kept(self) -> Access | None:
        """With the seconds that it has left."""
        gone = self.clock.now - self.since
        return Access(self.access.token, self.access.seconds - gone) if self.access else None

    async def keep(self, access: Access) -> None:
        """Instead of what was."""
        self.access, self.since = access, self.clock.now
        self.rotated = access.refresh_token or self.rotated

    async def refresh_token(self) -> str | None:
        """The one that came last."""
        return self.rotated

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """One at a time."""
        self.turns += 1
        async with self.lock:
            yield


class Endpoint:
    """HubSpot's token endpoint: token-1, token-2, ...; or what a test has it answer."""

    def __init__(self, answer: Answer | None = None) -> None:
        self.answer = answer
        self.forms: list[dict[str, list[str]]] = []

    async def __call__(self, url: str, form: bytes) -> Answer:
        """One refresh; other tasks run meanwhile."""
        assert url == URL
        self.forms.append(parse_qs(form.decode()))
        number = len(self.forms)
        await asyncio.sleep(0)
        return self.answer or granting(f"token-{number}")


class Rotating:
    """A token endpoint that takes only the refresh token that it gave last, and gives another when it is told to."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.refresh_token = GRANT.refresh_token
        self.rotates = False
        self.ends: dict[str, float] = {}

    async def __call__(self, _: str, form: bytes) -> Answer:
        """One refresh; other tasks run before and after it."""
        await asyncio.sleep(0)
        if parse_qs(form.decode())["refresh_token"] != [self.refresh_token]:
            return Answer(400, {}, b'{"status":"BAD_REFRESH_TOKEN"}')
        token = f"token-{len(self.ends)}"
        self.ends[token] = self.clock.now + 1_800
        if self.rotates:
            self.refresh_token = f"refresh-of-{token}"
        await asyncio.sleep(0)
        return granting(token, refresh=self.refresh_token)


def granting(token: object, seconds: object = 1_800, refresh: object = "refresh-1") -> Answer:
    told = {"access_token": token, "expires_in": seconds, "refresh_token": refresh}
    return Answer(200, {}, json.dumps(told).encode())


def a_source(shelf: Shelf, endpoint: Post) -> OAuthToken:
    return OAuthToken(lambda: GRANT, lambda _: shelf, endpoint, clock=shelf.clock, url=URL)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(Clock())


@pytest.mark.seed("B8")
async def test_a_refresh_asks_with_everything_in_the_form(shelf: Shelf) -> None:
    """As HubSpot's newer token endpoints want it; v1 takes it too."""
    endpoint = Endpoint()
    assert await a_source(shelf, endpoint).token() == "token-1"
    assert endpoint.forms == [
        {
            "grant_type": ["refresh_token"],
            "client_id": ["client"],
            "client_secret": ["s3cret"],
            "refresh_token": ["refresh-1"],
        }
    ]


async def test_a_token_is_used_until_shortly_before_its_end(shelf: Shelf) -> None:
    endpoint = Endpoint()
    source = a_source(shelf, endpoint)
    await source.token()
    shelf.clock.now += 1_739
    assert await source.token() == "token-1"
    shelf.clock.now += 1
    assert await source.token() == "token-2"


async def test_many_calls_at_once_refresh_once_and_wait_once_for_their_turn(shelf: Shelf) -> None:
    endpoint = Endpoint()
    source = a_source(shelf, endpoint)
    assert set(await asyncio.gather(*(source.token() for _ in range(20)))) == {"token-1"}
    assert (len(endpoint.forms), shelf.turns) == (1, 1)


async def test_many_processes_at_once_refresh_once(shelf: Shelf) -> None:
    endpoint = Endpoint()
    sources = [a_source(shelf, endpoint) for _ in range(5)]
    assert set(await asyncio.gather(*(source.token() for source in sources))) == {"token-1"}
    assert len(endpoint.forms) == 1


async def test_a_token_that_another_process_keeps_is_used(shelf: Shelf) -> None:
    endpoint = Endpoint()
    await shelf.keep(Access("theirs", 900))
    assert await a_source(shelf, endpoint).token() == "theirs"
    assert endpoint.forms == []


async def test_a_token_kept_by_another_is_used_no_longer_than_it_lives(shelf: Shelf) -> None:
    await shelf.keep(Access("theirs", 900))
    source = a_source(shelf, Endpoint())
    shelf.clock.now += 899
    assert await source.token() == "theirs"
    shelf.clock.now += 1
    assert await source.token() == "token-1"


async def test_a_rejected_token_is_refreshed_once_for_all(shelf: Shelf) -> None:
    endpoint = Endpoint()
    one, other = a_source(shelf, endpoint), a_source(shelf, endpoint)
    assert await one.token() == await other.token() == "token-1"
    one.rejected("token-1")
    other.rejected("token-1")
    assert await one.token() == await other.token() == "token-2"


async def test_a_late_401_about_an_older_token_costs_no_refresh(shelf: Shelf) -> None:
    endpoint = Endpoint()
    source = a_source(shelf, endpoint)
    await source.token()
    source.rejected("token-0")
    assert await source.token() == "token-1"
    assert len(endpoint.forms) == 1


async def test_a_refresh_is_carried_to_its_end_even_if_whoever_asked_has_given_up(shelf: Shelf) -> None:
    """A call's deadline must not lose a new refresh token, nor make a slow endpoint be asked for ever."""
    begun, answers = asyncio.Event(), asyncio.Event()
    forms = []

    async def slow(_: str, form: bytes) -> Answer:
        forms.append(form)
        begun.set()
        await answers.wait()
        return granting("slow", refresh="refresh-2")

    source = a_source(shelf, slow)
    asking = asyncio.create_task(source.token())
    await begun.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    answers.set()
    assert await source.token() == "slow"
    assert (len(forms), shelf.rotated) == (1, "refresh-2")


async def test_a_new_refresh_token_takes_the_place_of_the_settings(shelf: Shelf) -> None:
    endpoint = Rotating(shelf.clock)
    endpoint.rotates = True
    source = a_source(shelf, endpoint)
    for number in range(3):
        assert await source.token() == f"token-{number}"
        shelf.clock.now += 1_740


async def test_each_refresh_reads_the_secrets_anew_and_another_grant_has_another_shelf(shelf: Shelf) -> None:
    """Somebody connects the app again while the portal is served: nothing of the former connection is used."""
    grants = iter([GRANT, Grant("client", "s3cret", "refresh-of-a-new-connection")])
    shelves = {GRANT.refresh_token: shelf, "refresh-of-a-new-connection": Shelf(shelf.clock)}
    endpoint = Endpoint()
    source = OAuthToken(
        lambda: next(grants), lambda grant: shelves[grant.refresh_token], endpoint, clock=shelf.clock, url=URL
    )
    await source.token()
    source.rejected("token-1")
    await shelf.keep(Access("of the former connection", 900))
    assert await source.token() == "token-2"
    assert [form["refresh_token"] for form in endpoint.forms] == [["refresh-1"], ["refresh-of-a-new-connection"]]


@given(st.lists(st.tuples(st.sampled_from(["ask", "reject", "wait", "rotate"]), st.integers(0, 3)), max_size=30))
def test_whatever_happens_every_process_gets_tokens_that_are_good(happenings: list[tuple[str, int]]) -> None:
    """Four processes, one HubSpot that takes only the newest refresh token: nobody ever asks with an older one."""
    asyncio.run(_live_through(happenings))


async def _live_through(happenings: list[tuple[str, int]]) -> None:
    shelf = Shelf(Clock())
    endpoint = Rotating(shelf.clock)
    sources = [a_source(shelf, endpoint) for _ in range(4)]
    rejected: list[str | None] = [None] * 4
    for what, number in happenings:
        match what:
            case "ask":  # with all others, who all must have good ones
                tokens = await asyncio.gather(*(source.token() for source in sources))
                assert all(endpoint.ends[token] > shelf.clock.now for token in tokens)
                assert not any(token == bad for token, bad in zip(tokens, rejected, strict=True))
            case "reject" if endpoint.ends:
                rejected[number] = list(endpoint.ends)[-1]
                sources[number].rejected(list(endpoint.ends)[-1])
            case "rotate":
                endpoint.rotates = not endpoint.rotates
            case _:
                shelf.clock.now += (1, 60, 1_739, 2_000)[number]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(
            400,
            {},
            b'{"status":"BAD_REFRESH_TOKEN","error":"invalid_grant","message":"missing or unknown refresh token"}',
        ),
        Answer(401, {}, b'{"error":"invalid_client"}'),
        Answer(403, {}, b""),
    ],
)
async def test_a_refused_refresh_says_that_somebody_must_connect_the_app_again(shelf: Shelf, answer: Answer) -> None:
    with pytest.raises(Revoked) as raised:
        await a_source(shelf, Endpoint(answer)).token()
    assert "s3cret" not in str(raised.value)
    assert raised.value.problem.status == answer.status


@pytest.mark.parametrize(
    "answer",
    [
        Answer(502, {}, b"<html>"),
        Answer(429, {}, b""),
        Answer(200, {}, b"<html>"),
        Answer(200, {}, b"{}"),
        granting("two words"),
    ],
)
async def test_a_refresh_that_came_to_nothing_is_asked_again(shelf: Shelf, answer: Answer) -> None:
    with pytest.raises(Later) as raised:
        await a_source(shelf, Endpoint(answer)).token()
    assert not isinstance(raised.value, Revoked)
    assert await a_source(shelf, Endpoint()).token() == "token-1"


@pytest.mark.parametrize(
    ("told", "seconds"), [(1_800, 1_740), (60, 30), (1, 0.5), (None, 1_740), ("1800", 1_740), (0, 1_740)]
)
def test_the_margin_never_eats_a_short_life(told: object, seconds: float) -> None:
    assert granted(granting("t", told)).seconds == seconds


def test_a_token_of_300_characters_and_more_is_kept_whole() -> None:
    assert granted(granting("t" * 400)).token == "t" * 400


def test_secrets_are_not_printed() -> None:
    for shown in (repr(GRANT), repr(Access("t0ken", 1.0, "refresh-1"))):
        assert "s3cret" not in shown
        assert "t0ken" not in shown
        assert "refresh-1" not in shown


def texts(*told: str) -> Callable[[], str]:
    left = iter(told)
    return lambda: next(left)


async def test_a_static_token_is_read_once_and_loses_its_line_end() -> None:
    source = StaticToken(texts("pat-na1-x\n"))
    assert await source.token() == await source.token() == "pat-na1-x"


async def test_a_rejected_static_token_is_read_again() -> None:
    """Service keys rotate: the file has the new one, the old one has just ended."""
    source = StaticToken(texts("old", "new"))
    await source.token()
    source.rejected("older still")
    assert await source.token() == "old"
    source.rejected("old")
    assert await source.token() == "new"


async def test_a_static_token_that_cannot_be_read_parks_the_portal() -> None:
    def missing() -> str:
        raise FileNotFoundError(2, "No such file or directory", "secret")

    with pytest.raises(Unauthorized):
        await StaticToken(missing).token()


async def test_secrets_of_an_app_that_cannot_be_read_park_the_portal(shelf: Shelf) -> None:
    def missing() -> Grant:
        raise FileNotFoundError(2, "No such file or directory", "secret")

    with pytest.raises(Unauthorized):
        await OAuthToken(missing, lambda _: shelf, Endpoint(), clock=shelf.clock, url=URL).token()


@pytest.mark.parametrize("token", ["", " \n", "two words", "Größe", "a\x00b", "a\r\nx: y"])
def test_a_token_that_no_header_can_hold_is_not_sent(token: str) -> None:
    with pytest.raises(Unauthorized):
        sendable(token)
