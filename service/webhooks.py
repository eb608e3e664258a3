"""OPTIONS /v1/triggers: CloudEvents' webhook handshake, by which a sender asks whether its events are wanted here.

Source: HTTP 1.1 Web Hooks for Event Delivery, 1.0.2, sections 3 (the key, in the header or the query) and 4.
"""

import re
from typing import Any, Final

from litestar import Request
from litestar.datastructures import State
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler

from service import queries
from service.answers import Answer, Header
from service.auth import Callers
from service.problems import Malformed

ORIGIN: Final = b"webhook-request-origin"
RATE: Final = b"webhook-request-rate"
ANY_RATE: Final = b"*"
"""We limit nobody: what is accepted waits in its portal's line, and a full store says 503."""

ALLOW: Final[Header] = (b"allow", b"OPTIONS, POST")

_ORIGIN: Final = re.compile(rb"[A-Za-z0-9*_.:-]{1,253}")
_RATE: Final = re.compile(rb"[1-9][0-9]{0,9}")

AnyRequest = Request[Any, Any, State]


def route(callers: Callers) -> HTTPRouteHandler:
    """The handler of OPTIONS /v1/triggers."""

    async def shake_hands(request: AnyRequest) -> Answer:
        headers = dict(request.scope["headers"])
        origin = headers.get(ORIGIN)
        if origin is None:
            return Answer(200, b"", ALLOW)  # somebody else's question, such as a browser's: no consent to anything
        asked = queries.read(request.scope["query_string"], queries.Sending)
        # Consent means that events of this sender are taken here, so it needs what they will need.
        callers.asking(request.scope["headers"], asked.access_token).needs("send")
        if not _ORIGIN.fullmatch(origin):
            raise Malformed("WebHook-Request-Origin is no DNS name")
        if RATE in headers and not _RATE.fullmatch(headers[RATE]):
            raise Malformed("WebHook-Request-Rate is no number of requests per minute")
        return Answer(200, b"", ALLOW, (b"webhook-allowed-origin", origin), (b"webhook-allowed-rate", ANY_RATE))

    return HTTPRouteHandler("/v1/triggers", http_method=HttpMethod.OPTIONS, status_code=200)(shake_hands)
