"""Looking for what was in doubt, as whoever uses the client does it: a whole walk, begun anew until it proves something."""

from campaigns.hubspot import walk
from campaigns.hubspot.client import HubSpot
from campaigns.hubspot.index import Index


async def whole_walk(hubspot: HubSpot, *, page: int = 100) -> Index:
    """What stands in a portal that nobody else changes; *page* rows on a page."""
    index = Index()
    state: walk.Walk | walk.Again | walk.Complete = walk.begin(0)
    while isinstance(state, walk.Walk):
        came = await hubspot.find(sort=walk.SORT, limit=page, after=state.after, properties=index.properties)
        index.learn_all(came.results)
        state = walk.feed(state, came)
    assert isinstance(state, walk.Complete), state.why
    return index
