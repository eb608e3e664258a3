"""The oracle: what HubSpot's ledger and the receiver's log say about what was promised. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from tests.chaos.evidence import Accepted, Campaign, Delivery, Evidence, Row
from tests.chaos.scene import Wanted
from tests.chaos.verdicts import (
    Died,
    Duplicate,
    Early,
    Lost,
    Misreported,
    OutOfOrder,
    Stuck,
    Unaccepted,
    Unasked,
    Unreported,
    Verdict,
    WrongAssets,
    WrongEnding,
    WrongItems,
    WrongName,
)

ENDED: Final = frozenset({"done", "partial", "failed", "cancelled", "superseded"})

_RUN_IN_MARKER: Final = re.compile(r"\[fanfare:([0-9a-f]{32})\.")


def judge(seen: Evidence) -> tuple[Verdict, ...]:
    """Everything that is wrong; nothing, if every promise was kept."""
    standing = _standing(seen.campaigns)
    reported = _by_run(seen.deliveries)
    found: list[Verdict] = [Unaccepted(key, why) for key, why in seen.refused.items()]
    for one in seen.accepted:
        found += _run(one, seen.runs)
        found += _report(one, seen.runs, reported)
    for subject, accepted in _by_subject(seen.accepted).items():
        campaigns = [campaign for one in accepted for run in one.runs for campaign in standing.get(run, ())]
        found += _campaign(subject, accepted, campaigns, seen.runs)
    rows = _rows(seen)
    found += _early(seen.accepted, rows)
    found += _order(seen.accepted, rows)
    known = {run for one in seen.accepted for run in one.runs}
    found += [
        Unasked(campaign.id, campaign.name)
        for run, campaigns in standing.items()
        for campaign in campaigns
        if run not in known
    ]
    found += [Died(program) for program in seen.deaths]
    return tuple(found)


def kinds(verdicts: Iterable[Verdict]) -> Counter[str]:
    """How often each kind of verdict was found, by its name."""
    return Counter(type(one).__name__ for one in verdicts)


def run_of(text: str | None) -> str | None:
    """The run whose marker *text* bears."""
    found = _RUN_IN_MARKER.search(text or "")
    return found[1] if found else None


def _standing(campaigns: Iterable[Campaign]) -> dict[str | None, list[Campaign]]:
    """The campaigns that stand, by the run whose marker they bear; a ghost that was removed is archived."""
    found: dict[str | None, list[Campaign]] = {}
    for campaign in campaigns:
        if not campaign.archived:
            found.setdefault(run_of(campaign.properties.get("hs_notes")), []).append(campaign)
    return found


def _by_subject(accepted: Iterable[Accepted]) -> dict[str, list[Accepted]]:
    found: dict[str, list[Accepted]] = {}
    for one in accepted:
        found.setdefault(one.wanted.subject, []).append(one)
    return found


def _run(one: Accepted, runs: Mapping[str, str]) -> Iterator[Verdict]:
    key, (run, *others) = one.wanted.key, one.runs
    if others:
        yield Duplicate(key, "run", one.runs)
    status = runs.get(run)
    if status is None:
        yield Lost(key, run)
    elif status not in ENDED:
        yield Stuck(key, run, status)
    elif status != "done":
        yield WrongEnding(key, run, status)


def _campaign(
    subject: str, accepted: Sequence[Accepted], campaigns: Sequence[Campaign], runs: Mapping[str, str]
) -> Iterator[Verdict]:
    """A subject has one campaign: its first trigger makes it, the others change it, add items and exchange assets."""
    done = [one for one in accepted if runs.get(one.runs[0]) == "done"]
    if len(campaigns) > 1:
        yield Duplicate(subject, "campaign", tuple(campaign.id for campaign in campaigns))
    elif not campaigns:
        yield from (Lost(one.wanted.key, one.runs[0]) for one in done)
    elif len(done) == len(accepted):
        wanted = [one.wanted for one in accepted]
        yield from _assets(subject, wanted, campaigns[0])
        yield from _items(subject, wanted, campaigns[0])
        yield from _name(subject, wanted, campaigns[0])


def _assets(subject: str, wanted: Sequence[Wanted], campaign: Campaign) -> Iterator[Verdict]:
    """Each trigger names a whole set: what an earlier one attached and the last does not name has been detached."""
    planned = Counter(wanted[-1].assets)
    there = Counter(f"{kind} {asset}" for kind, assets in campaign.assets.items() for asset in assets)
    earlier = next((one for one in wanted[:-1] if there.keys() & set(one.assets)), None)
    if earlier is not None:
        yield OutOfOrder(subject, earlier.key, wanted[-1].key)
    elif planned != there:
        yield WrongAssets(subject, _less(planned, there), _less(there, planned))


def _items(subject: str, wanted: Sequence[Wanted], campaign: Campaign) -> Iterator[Verdict]:
    planned = Counter(f"{name} {amount:g}" for one in wanted for name, amount in one.budget)
    there = Counter(f"{item.name} {item.amount:g}" for item in campaign.budget)
    missing, more = _less(planned, there), _less(there, planned)
    again = tuple(item for item in more if item in planned)
    if again:
        yield Duplicate(subject, "item", again)
    if missing or len(more) > len(again):
        yield WrongItems(subject, missing, tuple(item for item in more if item not in planned))


def _name(subject: str, wanted: Sequence[Wanted], campaign: Campaign) -> Iterator[Verdict]:
    givers = {one.name: one.key for one in wanted}
    if campaign.name not in givers:
        yield WrongName(subject, campaign.name)
    elif campaign.name != wanted[-1].name:
        yield OutOfOrder(subject, givers[campaign.name], wanted[-1].key)


def _less(these: Counter[str], those: Counter[str]) -> tuple[str, ...]:
    return tuple((these - those).elements())


def _by_run(deliveries: Iterable[Delivery]) -> dict[str, list[Delivery]]:
    found: dict[str, list[Delivery]] = {}
    for one in deliveries:
        found.setdefault(one.run, []).append(one)
    return found


def _report(one: Accepted, runs: Mapping[str, str], reported: Mapping[str, list[Delivery]]) -> Iterator[Verdict]:
    run = one.runs[0]
    status = runs.get(run)
    if status not in ENDED:
        return
    told = reported.get(run, [])
    if not told:
        yield Unreported(one.wanted.key, run)
    elif {(each.webhook_id, each.status) for each in told} != {(told[0].webhook_id, status)}:
        yield Misreported(one.wanted.key, tuple(dict.fromkeys(f"{each.webhook_id} {each.status}" for each in told)))


def _rows(seen: Evidence) -> dict[str, list[tuple[int, Row]]]:
    """Each run's rows in the ledger with their places, as far as a row says whose it is.

    A campaign that is made and an item bear a marker, an asset is only one trigger's; a change of properties says
    nothing. The removal of a ghost is no wish of its run.
    """
    owners = {asset: one.runs[0] for one in seen.accepted for asset in one.wanted.assets}
    found: dict[str, list[tuple[int, Row]]] = {}
    for place, row in enumerate(seen.ledger):
        run = run_of(row.marker) or owners.get(" ".join(row.path.rsplit("/", 2)[-2:]))
        if run is not None and row.method != "DELETE":
            found.setdefault(run, []).append((place, row))
    return found


def _early(accepted: Iterable[Accepted], rows: Mapping[str, list[tuple[int, Row]]]) -> Iterator[Early]:
    for one in accepted:
        first = min((row.time for _, row in rows.get(one.runs[0], [])), default=one.notbefore)
        if first < one.notbefore:
            yield Early(one.wanted.key, round(one.notbefore - first, 3))


def _order(accepted: Iterable[Accepted], rows: Mapping[str, list[tuple[int, Row]]]) -> Iterator[OutOfOrder]:
    """Runs of one subject, accepted one after the other, must reach HubSpot one after the other."""
    last: dict[str, tuple[str, int]] = {}
    for one in accepted:
        wanted, places = one.wanted, [place for place, _ in rows.get(one.runs[0], [])]
        if not places:
            continue
        key, end = last.get(wanted.subject, ("", -1))
        if places[0] < end:
            yield OutOfOrder(wanted.subject, key, wanted.key)
        last[wanted.subject] = (wanted.key, max(end, places[-1]))
