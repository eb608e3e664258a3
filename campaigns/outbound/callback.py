"""A callback as the receiver gets it: the URL, the body and the headers that sign it. Pure; nothing is sent here."""

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from standardwebhooks import Webhook

from campaigns.errors import Problem
from campaigns.model import Run, Stored
from campaigns.states import Failed, State, Waiting

SCHEMA: Final = 1
"""Goes up when a field changes its meaning or goes away; a receiver must bear new fields."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Callback(msgspec.Struct, frozen=True):
    """The status of an ended run, ready to be posted: the same bytes however often it is repeated.

    Attributes:
        id: `<run>.<sequence>`; whoever receives it twice may ignore it the second time.

    """

    url: str
    id: str
    body: bytes


class _Trigger(msgspec.Struct, frozen=True):
    type: str
    source: str
    id: str


class _Campaign(msgspec.Struct, frozen=True):
    id: str
    name: str


class _Step(msgspec.Struct, frozen=True):
    name: str
    state: str
    problem: Problem | None


class _Run(msgspec.Struct, frozen=True):
    id: str
    status: str
    trigger: _Trigger
    portal: str
    subject: str | None
    campaign: _Campaign | None
    steps: tuple[_Step, ...]


class _Body(msgspec.Struct, frozen=True):
    id: str
    type: str
    time: str
    sequence: int
    run: _Run
    schema: int = SCHEMA


def callback_of(stored: Stored, sequence: int) -> Callback:
    """The callback with the number *sequence* (from 1) of an ended run that wants one.

    Raises:
        ValueError: the run has not ended, or its trigger names no URL.

    """
    run, url = stored.run, stored.run.trigger.callbackurl
    if stored.ending is None or stored.ended is None or url is None:
        raise ValueError("only an ended run with a callback URL has a callback")
    name = f"{run.id}.{sequence}"
    body = _Body(
        id=name,
        type=f"run.{stored.ending}",
        time=rfc3339(stored.ended),
        sequence=sequence,
        run=_Run(
            id=run.id,
            status=stored.ending,
            trigger=_Trigger(run.trigger.type, run.trigger.source, run.trigger.id),
            portal=run.portal,
            subject=run.subject,
            campaign=_campaign_of(run),
            steps=tuple(_Step(step.name, _word(step.state), _problem(step.state)) for step in run.steps),
        ),
    )
    return Callback(url, name, msgspec.json.encode(body))


def headers(callback: Callback, secret: str, now: int) -> dict[str, str]:
    """What goes above the body of *callback* when it is posted at *now* (ms since the epoch).

    Source: Standard Webhooks 1.0.0 (https://www.standardwebhooks.com), with `v1` signatures.
    """
    at = _EPOCH + timedelta(milliseconds=now)
    return {
        "content-type": "application/json",
        "webhook-id": callback.id,
        "webhook-timestamp": str(now // 1000),
        "webhook-signature": Webhook(secret).sign(callback.id, at, callback.body.decode()),
    }


def _campaign_of(run: Run) -> _Campaign | None:
    return _Campaign(run.campaign, run.campaign_name) if run.campaign is not None else None


def _word(state: State) -> str:
    """The state's name, as it is stored."""
    return str(state.__struct_config__.tag)


def _problem(state: State) -> Problem | None:
    return state.problem if isinstance(state, Failed | Waiting) else None


def rfc3339(at: int) -> str:
    """A time (ms since the epoch) as bodies bear it (RFC 3339)."""
    return (_EPOCH + timedelta(milliseconds=at)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
