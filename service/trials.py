"""POST /v1/triggers?dry_run=true: what a trigger would do. Nothing is stored and nothing asked of HubSpot."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from campaigns import forecast, keys
from campaigns.errors import KeyReused
from campaigns.forecast import Call
from campaigns.lanes import order, resolve
from campaigns.model import Run, Subject
from campaigns.settings import Portal
from campaigns.states import Pending
from campaigns.store.accept import Wish
from campaigns.store.bindings import Bindings
from campaigns.store.counting import Counting
from campaigns.store.runs import Runs
from service.checks import Check, Known, checks


class StepView(msgspec.Struct, frozen=True):
    """A step of the plan; one that is *stale* is left out, as something newer has set what it would set."""

    name: str
    required: bool
    stale: bool


class TrialView(msgspec.Struct, frozen=True):
    """What a trigger would do now.

    Attributes:
        status: what its run's would be.
        name: of the campaign.
        campaign: HubSpot's id of the subject's, which would be changed; null: one would be made.
        calls: to HubSpot, were the run alone and all went well.

    """

    recipe: str
    portal: str
    subject: str | None
    status: Literal["held", "waiting"]
    name: str
    campaign: str | None
    steps: tuple[StepView, ...]
    calls: tuple[Call, ...]
    checks: tuple[Check, ...]


class Trials:
    """Says what triggers would do.

    Args:
        portals: of the settings.
        runs: knows the keys that are taken.
        subjects: knows their campaigns.
        counting: knows what the portals have to do, and of their quota.

    """

    def __init__(self, portals: Mapping[str, Portal], runs: Runs, subjects: Bindings, counting: Counting) -> None:
        self._portals = portals
        self._runs = runs
        self._subjects = subjects
        self._counting = counting

    async def of(self, wish: Wish) -> TrialView:
        """What *wish* would do.

        Raises:
            KeyReused: its key names another.
            Unavailable: Redis does not answer.

        """
        replays = await self._replayed(wish)
        run, portal = wish.run, self._portals[wish.run.portal]
        census = await self._counting.census([run.portal], [])
        subject = await self._subject(run)
        expected = resolve(run, _order(run, census.now), subject)
        today = datetime.fromtimestamp(census.now / keys.SECOND, UTC).astimezone(ZoneInfo(portal.timezone)).date()
        known = Known(today, replays, census.portals[run.portal], portal.limit)
        return TrialView(
            recipe=run.recipe,
            portal=run.portal,
            subject=run.subject,
            status="held" if (run.trigger.notbefore or 0) > census.now else "waiting",
            name=run.campaign_name,
            campaign=subject.campaign,
            steps=tuple(StepView(s.name, s.required, not isinstance(s.state, Pending)) for s in expected.steps),
            calls=forecast.calls(expected, portal.version, subject.campaign),
            checks=checks(run, known),
        )

    async def _replayed(self, wish: Wish) -> str | None:
        known = await self._runs.under_key(wish.key)
        if known is None:
            return None
        run, fingerprint = known
        if fingerprint != wish.fingerprint:
            raise KeyReused(f"this key already names run {run}, made of another trigger")
        return run

    async def _subject(self, run: Run) -> Subject:
        if run.subject is None:
            return Subject()
        return (await self._subjects.read(keys.lane_name(run.portal, run.space, run.subject))).subject


def _order(run: Run, now: int) -> str:
    """The run's place in the order of its lane, were it accepted *now*."""
    return order(run.trigger.sequence, run.trigger.time if run.trigger.time is not None else now)
