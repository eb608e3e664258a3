"""An app that is installed in a scene's portal: its tokens are granted, and end by the scene's clock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from campaigns.hubspot.client import post_form
from campaigns.hubspot.tokens import Access, Grant, OAuthToken
from campaigns.hubspot.wire import Answer
from tests.contract.in_process import Scene

GRANT = Grant("client-test", "secret-test", "refresh-test")
URL = "http://hubspot.test/oauth/v1/token"


class Shelf:
    """Keeps the token of one process."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._access: Access | None = None
        self._since = scene.now

    async def kept(self) -> Access | None:
        """With the seconds that it has left."""
        gone = self._scene.now - self._since
        return Access(self._access.token, self._access.seconds - gone) if self._access else None

    async def keep(self, access: Access) -> None:
        """Instead of what was."""
        self._access, self._since = access, self._scene.now

    async def refresh_token(self) -> str | None:
        """HubSpot gives no other."""
        return None

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """There is no other."""
        yield


def granted_token(scene: Scene) -> OAuthToken:
    """The token of the app that the simulator knows."""
    shelf = Shelf(scene)

    async def post(url: str, form: bytes) -> Answer:
        return await post_form(scene.http, url, form)

    return OAuthToken(lambda: GRANT, lambda _: shelf, post, clock=lambda: scene.now, url=URL)
