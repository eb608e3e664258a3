"""Looking at HubSpot from the service: reads, each of which takes its place in the portal's quota like any call."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from campaigns import access
from campaigns.errors import InDoubt, Later, Refused
from campaigns.hubspot import wire
from campaigns.hubspot.wire import Request
from campaigns.keys import SECOND
from campaigns.quota import WINDOW
from campaigns.settings import Settings
from campaigns.signing import Signing
from campaigns.store import Store
from service.problems import HubSpotAway

T = TypeVar("T")

HOLDER: Final = "service"


class Looks:
    """Reads from all portals.

    Args:
        settings: where the portals are.
        store: keeps their quotas and tokens.
        http: the connections to all of them.
        token: gives a new, random text at each call.

    """

    def __init__(self, settings: Settings, store: Store, http: Any, token: Callable[[], str]) -> None:  # noqa: ANN401 - httpx has its own door
        self._settings = settings
        self._store = store
        self._http = http
        self._token = token

    def signing(self, portal: str) -> Signing:
        """Where the campaigns of *portal* bear their markers."""
        return Signing(self._settings.portals[portal].marker_property)

    async def has(self, portal: str, campaign: str) -> bool:
        """Whether HubSpot has a campaign of this id on *portal*; raises as `ask`, but for Refused."""
        try:
            await self.ask(portal, wire.read(campaign))
        except Refused:
            return False
        return True

    async def ask(self, portal: str, request: Request[T]) -> T:
        """The answer of *portal* to a request that changes nothing.

        Raises:
            Refused: HubSpot says no, such as to an id that it does not have.
            HubSpotAway: it cannot be asked now.
            Unavailable: Redis does not answer.

        """
        told, place = self._settings.portals[portal], f"{HOLDER}.{self._token()}"
        lasts = int(told.call_deadline * SECOND)
        if await self._store.places.take(portal, place, told.limit, lasts) is None:
            raise HubSpotAway("no call is left in HubSpot's window", after=WINDOW // SECOND)
        client = access.hubspot(self._settings, portal, self._http, self._store.tokens, holder=place)
        try:
            return await client.call(request)
        except (Later, InDoubt) as error:
            raise HubSpotAway(f"HubSpot: {error}", after=WINDOW // SECOND) from error
        finally:
            await self._store.portals.answered(portal, [place])
