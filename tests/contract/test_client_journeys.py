"""What becomes of a call on its way: one attempt, one deadline, and a name for each way to fail."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from campaigns.errors import CampaignsError, InDoubt, Later, RateLimited, Unauthorized
from campaigns.hubspot.client import HubSpot, http_client, post_form
from campaigns.hubspot.types import ItemFields
from campaigns.hubspot.wire import Limits

Respond = Callable[[httpx.Request], httpx.Response]
CAMPAIGN = {"id": "guid", "properties": {"hs_name": "Launch"}}


class Token:
    """A token source that notes what HubSpot rejected."""

    def __init__(self) -> None:
        self.rejections: list[str] = []

    async def token(self) -> str:
        """Always the same."""
        return "pat-test"

    def rejected(self, token: str) -> None:
        """Note it."""
        self.rejections.append(token)


class Wire:
    """HubSpot's end of the line: answers by *respond* and keeps every request."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Keep the request, answer it."""
        self.requests.append(request)
        return self.respond(request)


def a_hubspot(wire: Wire, *, token: Token | None = None, version: str = "2026-03") -> HubSpot:
    http = httpx.AsyncClient(transport=httpx.MockTransport(wire))
    return HubSpot(http, token=token or Token(), version=version)


def failing(error: Exception) -> Wire:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    return Wire(fail)


def answering(status: int, body: object = None, **headers: str) -> Wire:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Wire(lambda _: httpx.Response(status, json=body, headers=told))


async def error_of_create(wire: Wire) -> CampaignsError:
    with pytest.raises(CampaignsError) as raised:
        await a_hubspot(wire).create({"hs_name": "Launch"})
    return raised.value


@pytest.mark.seed("B1")
@pytest.mark.seed("B8")
async def test_a_call_bears_the_token_and_the_versions_path() -> None:
    wire = answering(201, {"status": "COMPLETE", "results": [CAMPAIGN]})
    await a_hubspot(wire).create_many([{"hs_name": "Launch"}])
    (request,) = wire.requests
    assert str(request.url) == "https://api.hubapi.com/marketing/campaigns/2026-03/batch/create"
    assert request.headers["authorization"] == "Bearer pat-test"
    assert request.headers["content-type"] == "application/json"
    assert "private-app" not in request.headers


async def test_the_same_code_speaks_v3() -> None:
    wire = answering(201, CAMPAIGN)
    await a_hubspot(wire, version="v3").create({"hs_name": "Launch"})
    assert wire.requests[0].url.path == "/marketing/v3/campaigns"


async def test_a_host_with_a_path_keeps_it() -> None:
    wire = answering(204)
    http = httpx.AsyncClient(transport=httpx.MockTransport(wire))
    await HubSpot(http, token=Token(), base_url="http://gateway/hubspot/").delete("guid")
    assert str(wire.requests[0].url) == "http://gateway/hubspot/marketing/campaigns/2026-03/guid"


async def test_an_id_with_a_slash_stays_in_its_segment() -> None:
    wire = answering(204)
    await a_hubspot(wire).attach("a/../b", "FORM", "x?y#z")
    assert wire.requests[0].url.raw_path == b"/marketing/campaigns/2026-03/a%2F..%2Fb/assets/FORM/x%3Fy%23z"


async def test_a_trace_goes_along_when_there_is_one() -> None:
    wire = answering(204)
    hubspot = a_hubspot(wire)
    await hubspot.traced("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").delete("guid")
    await hubspot.delete("guid")
    assert [request.headers.get("traceparent", "")[:6] for request in wire.requests] == ["00-4bf", ""]


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.PoolTimeout("busy"),
        httpx.ProxyError("403 Forbidden"),
        httpx.UnsupportedProtocol("ftp"),
    ],
)
async def test_a_create_that_never_left_can_be_sent_again(error: Exception) -> None:
    assert type(await error_of_create(failing(error))) is Later


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout("slow"),
        httpx.WriteTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.WriteError("broken pipe"),
        httpx.RemoteProtocolError("Server disconnected without sending a response."),
        httpx.CloseError("half closed"),
        httpx.LocalProtocolError("odd"),
        httpx.DecodingError("not gzip"),
        TimeoutError(),
    ],
)
async def test_a_create_whose_answer_was_lost_is_in_doubt(error: Exception) -> None:
    wire = failing(error)
    assert type(await error_of_create(wire)) is InDoubt
    assert len(wire.requests) == 1, "one attempt: HubSpot's own SDK makes three of one create"


@pytest.mark.parametrize("error", [httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("cut"), TimeoutError()])
async def test_a_read_whose_answer_was_lost_is_asked_again(error: Exception) -> None:
    wire = failing(error)
    with pytest.raises(Later):
        await a_hubspot(wire).find(name="Launch")
    assert len(wire.requests) == 1


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
async def test_no_status_is_tried_again_here(status: int) -> None:
    """When to ask again is decided where the journal is."""
    wire = answering(status)
    await error_of_create(wire)
    assert len(wire.requests) == 1


async def test_the_deadline_is_for_the_whole_call() -> None:
    """An answer that trickles in never lets a read timeout end it."""

    async def trickle() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.01)

    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(201, content=trickle())))
    async with asyncio.timeout(2):
        with pytest.raises(InDoubt):
            await HubSpot(http, token=Token(), deadline=0.05).create({"hs_name": "Launch"})


async def test_a_token_that_does_not_come_in_time_leaves_nothing_in_doubt() -> None:
    class Slow(Token):
        async def token(self) -> str:
            await asyncio.Event().wait()
            return "too late"

    wire = answering(201, CAMPAIGN)
    http = httpx.AsyncClient(transport=httpx.MockTransport(wire))
    with pytest.raises(Later):
        await HubSpot(http, token=Slow(), deadline=0.02).create({"hs_name": "Launch"})
    assert wire.requests == []


async def test_a_redirect_is_not_followed() -> None:
    """A POST that is redirected becomes a GET in most clients, and the token would go to another host."""
    wire = answering(301, location="https://elsewhere.example/")
    assert type(await error_of_create(wire)) is Later
    assert len(wire.requests) == 1


async def test_a_body_that_is_not_what_it_says_is_in_doubt() -> None:
    """201, and the rest cannot be unpacked: the campaign exists, its id is lost."""
    torn = gzip.compress(b'{"id":"guid"}')[:10] + b"torn"
    wire = Wire(lambda _: httpx.Response(201, content=torn, headers={"content-encoding": "gzip"}))
    assert type(await error_of_create(wire)) is InDoubt


async def test_a_rejected_token_is_told_to_its_source() -> None:
    token = Token()
    with pytest.raises(Unauthorized):
        await a_hubspot(answering(401), token=token).delete("guid")
    assert token.rejections == ["pat-test"]


async def test_the_headers_of_every_answer_are_told_also_of_a_429() -> None:
    told: list[Limits] = []
    wire = answering(
        429, {"policyName": "DAILY"}, x_hubspot_ratelimit_daily="10", x_hubspot_ratelimit_daily_remaining="0"
    )
    http = httpx.AsyncClient(transport=httpx.MockTransport(wire))
    with pytest.raises(RateLimited):
        await HubSpot(http, token=Token(), on_limits=told.append).delete("guid")
    assert told == [Limits(daily=10, daily_remaining=0)]


async def test_every_verb_is_one_call_of_its_operation() -> None:
    body = {"id": "7", "results": [], "total": 0, "budgetItems": [], "spendItems": [], "status": "COMPLETE"}
    wire = answering(200, body)
    hubspot, fields, between = a_hubspot(wire), ItemFields("Print", 1.0), ("2026-01-01", "2026-02-01")
    await hubspot.create({})
    await hubspot.read("g")
    await hubspot.find()
    await hubspot.update("g", {})
    await hubspot.delete("g")
    await hubspot.create_many([{}])
    await hubspot.read_many(["g"])
    await hubspot.update_many({"g": {}})
    await hubspot.archive_many(["g"])
    await hubspot.attach("g", "FORM", "1")
    await hubspot.detach("g", "FORM", "1")
    await hubspot.assets_page("g", "FORM")
    await hubspot.asset_types()
    await hubspot.add_item("g", "budget", fields)
    await hubspot.read_item("g", "budget", "1")
    await hubspot.replace_item("g", "spend", "1", fields)
    await hubspot.remove_item("g", "spend", "1")
    await hubspot.totals("g")
    await hubspot.metrics("g", start_date=between[0], end_date=between[1])
    await hubspot.revenue("g", start_date=between[0], end_date=between[1])
    assert [f"{request.method} {request.url.path.partition('/2026-03')[2]}" for request in wire.requests] == [
        "POST ",
        "GET /g",
        "GET ",
        "PATCH /g",
        "DELETE /g",
        "POST /batch/create",
        "POST /batch/read",
        "POST /batch/update",
        "POST /batch/archive",
        "PUT /g/assets/FORM/1",
        "DELETE /g/assets/FORM/1",
        "GET /g/assets/FORM",
        "GET /asset-types",
        "POST /g/budget",
        "GET /g/budget/1",
        "PUT /g/spend/1",
        "DELETE /g/spend/1",
        "GET /g/budget/totals",
        "GET /g/reports/metrics",
        "GET /g/reports/revenue",
    ]


def pages(cursors: list[str | None]) -> Wire:
    """Pages of one campaign each, each with the next of *cursors*."""
    left = iter(enumerate(cursors))

    def respond(_: httpx.Request) -> httpx.Response:
        number, cursor = next(left)
        paging = {"paging": {"next": {"after": cursor}}} if cursor else {}
        return httpx.Response(200, json={"results": [{"id": f"c-{number}"}], "total": len(cursors), **paging})

    return Wire(respond)


@pytest.mark.seed("G14")
@pytest.mark.seed("G40")
async def test_a_walk_follows_the_cursors_decoded_once() -> None:
    """`Mg%3D%3D` goes back as it came; HubSpot's own SDK sends `Mg%253D%253D` and its page 2 may be empty."""
    wire = pages(["Mg%3D%3D", "NA%3D%3D", None])
    rows = [campaign.id async for campaign in a_hubspot(wire).campaigns()]
    assert rows == ["c-0", "c-1", "c-2"]
    assert [request.url.query for request in wire.requests] == [
        b"limit=100",
        b"limit=100&after=Mg%3D%3D",
        b"limit=100&after=NA%3D%3D",
    ]


async def test_a_walk_ends_at_a_cursor_that_comes_again() -> None:
    rows = [asset.id async for asset in a_hubspot(pages(["a", "b", "a", "b"])).assets("g", "FORM")]
    assert rows == ["c-0", "c-1", "c-2"]


async def test_the_caller_takes_a_place_before_each_page() -> None:
    wire, places = pages(["a", None]), list[int]()

    async def take() -> None:
        places.append(len(wire.requests))

    contacts = a_hubspot(wire).contacts(
        "g", "influencedContacts", start_date="2026-01-01", end_date="2026-02-01", before_page=take
    )
    assert [contact async for contact in contacts] == ["c-0", "c-1"]
    assert places == [0, 1]


async def test_a_form_without_an_answer_may_be_posted_again() -> None:
    for error in (httpx.ReadError("reset"), httpx.ConnectError("refused"), TimeoutError()):
        async with httpx.AsyncClient(transport=httpx.MockTransport(failing(error))) as http:
            with pytest.raises(Later):
                await post_form(http, "https://hubspot.example/oauth/v1/token", b"")


async def test_a_connection_that_hubspot_closed_while_idle_puts_no_create_in_doubt() -> None:
    """Over a real socket: the client sees that it is closed before it sends, and opens another."""
    connections: list[asyncio.StreamWriter] = []
    answer = b'HTTP/1.1 201 Created\r\ncontent-length: 13\r\n\r\n{"id":"guid"}'

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        await reader.readuntil(b"}}")
        writer.write(answer)
        await writer.drain()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server, http_client() as http:
        host, port = server.sockets[0].getsockname()
        hubspot = HubSpot(http, token=Token(), base_url=f"http://{host}:{port}")
        await hubspot.create({"hs_name": "One"})
        connections[0].close()
        await connections[0].wait_closed()
        assert (await hubspot.create({"hs_name": "Two"})).id == "guid"
        for writer in connections:
            writer.close()
    assert len(connections) == 2


async def test_the_connections_of_a_process_keep_no_cookies() -> None:
    """One portal's cookie must not go out with another's token."""
    async with http_client() as http:
        http.cookies.extract_cookies(
            httpx.Response(200, headers={"set-cookie": "a=b"}, request=httpx.Request("GET", "https://api.hubapi.com/"))
        )
        assert not http.cookies
        assert not http.follow_redirects
