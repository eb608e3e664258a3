"""How a portal is reached: HubSpot's client as the settings describe it, with the token that all processes share."""

import time
from collections.abc import Callable
from functools import partial

import httpx

from campaigns.errors import CampaignsError
from campaigns.hubspot.client import HubSpot, TokenSource, post_form
from campaigns.hubspot.tokens import OAuthToken, StaticToken
from campaigns.hubspot.wire import Limits
from campaigns.settings import OAuth, Portal, Secret, Settings
from campaigns.store.tokens import Tokens


def hubspot(
    settings: Settings,
    portal: str,
    http: httpx.AsyncClient,
    tokens: Tokens,
    *,
    holder: str,
    on_limits: Callable[[Limits], None] | None = None,
    on_outcome: Callable[[CampaignsError | None], None] = lambda _: None,
) -> HubSpot:
    """The client of *portal*, one of the settings' portals.

    Args:
        settings: what the process was told.
        portal: its name.
        http: the connections of the process.
        tokens: where the tokens of apps are kept.
        holder: names who asks; no two at the same time bear the same.
        on_limits: is told what the headers of each answer say about the quota.
        on_outcome: is told what each call ended in; None when it was done.

    """
    told = settings.portals[portal]
    return HubSpot(
        http,
        token=_token(settings, portal, told, http, tokens, holder),
        base_url=told.base_url,
        version=told.version,
        deadline=told.call_deadline,
        on_limits=on_limits,
        on_outcome=on_outcome,
    )


def _token(
    settings: Settings, portal: str, told: Portal, http: httpx.AsyncClient, tokens: Tokens, holder: str
) -> TokenSource:
    match told.access:
        case Secret() as reference:
            return StaticToken(partial(settings.fresh, reference))
        case OAuth() as app:
            return OAuthToken(
                partial(settings.grant, app),
                partial(tokens.shelf, portal, holder),
                partial(post_form, http),
                clock=time.monotonic,
                url=told.token_url,
            )
