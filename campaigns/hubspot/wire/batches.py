"""Batches of at most 50 campaigns: requests to build, answers to read. Which result is whose is `batch`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from campaigns.errors import Invalid
from campaigns.hubspot.types import BatchAnswer, Campaign, CampaignWithAssets
from campaigns.hubspot.wire.campaigns import campaign_in, read_nothing, with_assets_in
from campaigns.hubspot.wire.exchange import MOST_IN_A_BATCH, Answer, Request, names, packed, told
from campaigns.hubspot.wire.fields import Unreadable, decoded, present, text
from campaigns.hubspot.wire.problems import item_problems

T = TypeVar("T")


def create_many(wishes: Sequence[Mapping[str, str]]) -> Request[BatchAnswer[Campaign]]:
    """Create a campaign from each map of properties. The answer's order is not the wishes'."""
    body = _inputs([{"properties": properties} for properties in wishes])
    return Request("batch.create", "POST", "/batch/create", read_campaigns, body=body, changes=True)


def read_many(
    campaigns: Sequence[str],
    properties: Iterable[str] = (),
    *,
    start_date: str | None = None,
    end_date: str | None = None,
) -> Request[BatchAnswer[CampaignWithAssets]]:
    """Read campaigns and the first page of their assets of every type; an id given twice comes once."""
    return Request(
        "batch.read",
        "POST",
        "/batch/read",
        read_campaigns_with_assets,
        query=told(("properties", names(properties)), ("startDate", start_date), ("endDate", end_date)),
        body=_inputs([{"id": campaign} for campaign in campaigns]),
    )


def update_many(changes: Mapping[str, Mapping[str, str]]) -> Request[BatchAnswer[Campaign]]:
    """Overwrite properties, by campaign id; "" clears one."""
    body = _inputs([{"id": campaign, "properties": properties} for campaign, properties in changes.items()])
    return Request("batch.update", "POST", "/batch/update", read_campaigns, body=body, changes=True)


def archive_many(campaigns: Sequence[str]) -> Request[None]:
    """Delete campaigns. HubSpot answers 204 whether all, some or none of them were deleted: only a read tells."""
    body = _inputs([{"id": campaign} for campaign in campaigns])
    return Request("batch.archive", "POST", "/batch/archive", read_nothing, body=body, changes=True)


def read_campaigns(answer: Answer) -> BatchAnswer[Campaign]:
    """The answer of a batch that creates or updates; see `_batch`."""
    return _batch(answer, campaign_in)


def read_campaigns_with_assets(answer: Answer) -> BatchAnswer[CampaignWithAssets]:
    """The answer of a batch that reads; see `_batch`."""
    return _batch(answer, with_assets_in)


def _batch(answer: Answer, read: Callable[[object], T | None]) -> BatchAnswer[T]:
    """What a batch came to. A result that cannot be read is left out: it is then in doubt alone, not the whole batch.

    `errors` is read whatever the status: 207 in v3 and 2026-03, 201 and 200 in 2025-09 and 2026-09.

    Raises:
        Unreadable: there is neither a list of results nor one of errors.

    """
    body = decoded(answer.body)
    problems = item_problems(body.get("errors"))
    if not isinstance(body.get("results"), list) and not problems:
        raise Unreadable("neither results nor errors")
    return BatchAnswer(present(body.get("results"), read), problems, text(body.get("status")))


def _inputs(inputs: list[dict[str, Any]]) -> bytes:
    """The body of a batch, checked before a call is spent on it.

    Raises:
        Invalid: no input or more than 50.

    """
    if not 1 <= len(inputs) <= MOST_IN_A_BATCH:
        raise Invalid(f"a batch has 1 to {MOST_IN_A_BATCH} inputs, not {len(inputs)}")
    return packed({"inputs": inputs})
