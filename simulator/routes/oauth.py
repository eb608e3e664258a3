"""OAuth's token endpoint: `POST /oauth/v1/token`, the refresh_token grant (it needs no token and has no limits)."""

from typing import Final
from urllib.parse import parse_qs

from simulator.answers import Answer
from simulator.operation import Call, Operation
from simulator.world import World

PATH: Final = "/oauth/v1/token"


def _grant(world: World, call: Call) -> Answer:
    form = {name: values[-1] for name, values in parse_qs(call.body.decode(errors="replace")).items()}
    app = world.tokens.granting
    if form.get("grant_type") != "refresh_token":
        return _bad(world, "BAD_GRANT_TYPE", "missing or unknown grant type", "unsupported_grant_type")
    if form.get("client_id") != app.client_id or form.get("client_secret") != app.client_secret:
        return _bad(world, "BAD_CLIENT_ID", "missing or unknown client id or secret", "invalid_client")
    if form.get("refresh_token") != app.refresh_token or world.switches.refresh_token == "revoked":  # noqa: S105  an answer of the switch
        return _bad(world, "BAD_REFRESH_TOKEN", "missing or unknown refresh token", "invalid_grant")
    life = int(world.switches.oauth_life_s)
    granted = {
        "token_type": "bearer",
        "refresh_token": app.refresh_token,
        "access_token": world.tokens.grant(call.time + life * 1000),
        "expires_in": life,
    }
    return Answer(200, granted)


def _bad(world: World, status: str, message: str, error: str) -> Answer:
    """Write a refusal of this endpoint, whose shape is its own."""
    return Answer(400, {"status": status, "message": message, "correlationId": world.correlation_id(), "error": error})


TOKEN: Final = Operation("POST", PATH, "open", _grant)
