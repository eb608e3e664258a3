"""How a run is written in Redis and read back: pure.

An open run is a hash: its plan once, and beside it one field for each step that has moved, `<at>:<state>`. An ended run
is the same hash folded into one packed record; a retry unfolds it. A subject's hash is its campaign, which scripts ask
for, and one packed record of all else.
"""

from collections.abc import Mapping, Sequence
from typing import Final, cast, get_args

import msgspec

from campaigns import keys, lanes
from campaigns.errors import Newer
from campaigns.model import PRIORITIES, Applied, Ending, Made, Place, Run, Stored, Subject
from campaigns.parking import Message
from campaigns.progress import planned, with_end, with_undoing
from campaigns.states import Done, Pending, State
from campaigns.store import former
from campaigns.store.packing import packed, unpacked
from campaigns.wishes import Undo

FORMAT: Final = b"1"
"""First byte of every plan: its version, as old and new processes run together. Defaults are not written: keep them."""

KEPT: Final = "kept"
"""The field of a subject's hash with all that is kept of it but the campaign."""

_run = msgspec.msgpack.Decoder(Run)
_state: msgspec.msgpack.Decoder[State] = msgspec.msgpack.Decoder(State)
_subject = msgspec.msgpack.Decoder(Subject)


class Ended(msgspec.Struct, frozen=True):
    """What is kept of the callback of an ended run, and likewise of a message.

    Attributes:
        callback: due, delivered or parked; None for a run without one.
        posted: the number of the status that the callback reports, from 1.
        tries: how often it was posted.
        problem: what went wrong with the last post; "" when nothing did.

    """

    callback: str | None
    posted: int
    tries: int
    problem: str = ""


def plan(run: Run) -> bytes:
    """The plan of a run, as ACCEPT stores it."""
    return FORMAT + msgspec.msgpack.encode(run)


def standing(run: Run) -> tuple[int, str, str, str]:
    """What decides where an open run stands, as ACCEPT takes it.

    Its priority as a number; the beginning of its order in its lane; its lane, "" for none; how many campaigns an hour
    which recipe may make, "" for any.
    """
    trigger, most = run.trigger, run.max_creates_per_hour
    lane = keys.lane_name(run.portal, run.space, run.subject) if run.subject is not None else ""
    cap = "" if most is None or run.campaign is not None else f"{most} {run.recipe}"
    return PRIORITIES.index(trigger.priority), lanes.order(trigger.sequence, trigger.time), lane, cap


def field(run: Run, name: str) -> str:
    """The hash field that holds the state of the step *name*: `s` and its number, or `u` and that of what it undoes."""
    return fields_of(run)[name]


def fields_of(run: Run) -> dict[str, str]:
    """The hash field of each step, by its name."""
    numbers = {step.name: number for number, step in enumerate(run.steps)}
    return {
        step.name: f"u{numbers[step.wish.of]}" if isinstance(step.wish, Undo) else f"s{numbers[step.name]}"
        for step in run.steps
    }


def state(value: State) -> bytes:
    """A step's state, as SEND and SAVE store it behind the time that they stamp."""
    return msgspec.msgpack.encode(value)


def folded(run: Run) -> bytes:
    """The whole of an ended run."""
    return packed(run)


def pairs(flat: Sequence[bytes]) -> dict[str, bytes]:
    """HGETALL's answer inside a script, as a mapping."""
    return {flat[i].decode(): flat[i + 1] for i in range(0, len(flat), 2)}


def read(fields: Mapping[str, bytes]) -> Stored:
    """The run that these hash fields hold; raises Newer if they are not of this release, nor of one before it."""
    place = cast("Place", fields["place"].decode())
    ending = fields["ending"].decode() if "ending" in fields else None
    return Stored(
        run=_folded(fields) if "record" in fields else _open(fields),
        place=place,
        version=int(fields["version"]),
        accepted=int(fields["accepted"]),
        order=fields["order"].decode() if "order" in fields else "",
        priority=PRIORITIES[int(fields["band"])] if "band" in fields else None,
        until=int(float(fields["until"])) if "until" in fields and place in {"held", "waiting"} else None,
        over="over" in fields,
        replaced="replaced" in fields,
        ending=cast("Ending", ending) if ending in get_args(Ending) else None,
        ended=int(fields["ended"]) if "ended" in fields else None,
        history=tuple(_applied(line) for line in fields.get("history", b"").decode().splitlines()),
    )


def kept(subject: Subject | None) -> tuple[str, bytes]:
    """What scripts take of a subject: its campaign, and all else that is kept from now on; b"" changes nothing."""
    if subject is None:
        return "", b""
    rest = msgspec.structs.replace(subject, campaign=None)
    return subject.campaign or "", packed(rest) if subject != Subject() else b"forget"


def subject(fields: Mapping[str, bytes]) -> Subject:
    """What is kept of a subject, from its hash."""
    known = _subject.decode(unpacked(fields[KEPT])) if KEPT in fields else Subject()
    campaign = fields.get("campaign", b"").decode() or None
    return msgspec.structs.replace(former.subject(fields, known), campaign=campaign)


def ended(fields: Mapping[str, bytes]) -> Ended:
    """What is kept of the callback of an ended run."""
    callback = fields.get("callback")
    return Ended(
        callback=callback.decode() if callback else None,
        posted=int(fields.get("posted", 0)),
        tries=int(fields.get("callback_tries", 0)),
        problem=fields.get("callback_problem", b"").decode(),
    )


def message(identity: str, fields: Mapping[str, bytes]) -> Message:
    """The message to a caller's operators that these hash fields hold."""
    told = {name: value.decode() for name, value in fields.items()}
    return msgspec.convert({**told, "id": identity, "until": told.get("until")}, Message, strict=False)


def _folded(fields: Mapping[str, bytes]) -> Run:
    return with_end(_decoded(unpacked(fields["record"])), int(fields.get("ended", 0)))


def _told(written: bytes) -> bytes:
    if written.startswith(FORMAT):
        return written[len(FORMAT) :]
    raise Newer


def _decoded(told: bytes) -> Run:
    try:
        return _run.decode(told)
    except msgspec.ValidationError as error:  # such as a wish of a kind that is not known here
        raise Newer from error


def unfolded(run: Run, cancel: Made | None) -> tuple[bytes, dict[str, bytes]]:
    """An ended run made open again: its plan, and its steps' fields.

    What is done stays done. To be undone, it goes on from where it stood; else every other step begins anew.
    """
    if cancel is None:
        run = lanes.whole(run)
    steps = planned(run)
    anew = tuple(msgspec.structs.replace(step, state=Pending(), at=0) for step in steps)
    kept = [step for step in run.steps if isinstance(step.state, Done) or (cancel and step in steps)]
    fields = {field(run, step.name): b"%d:" % step.at + state(step.state) for step in kept}
    return plan(msgspec.structs.replace(run, steps=anew, cancel=None)), fields


def _applied(line: str) -> Applied:
    at, verb, by = line.split(" ", 2)
    return Applied(int(at), verb, by)


def _open(fields: Mapping[str, bytes]) -> Run:
    run = _moved(_decoded(_told(fields["plan"])), fields)
    if "cancel" not in fields:
        return run
    cancel = cast("Made", fields["cancel"].decode())
    return _moved(with_undoing(msgspec.structs.replace(run, cancel=cancel)), fields)


def _moved(run: Run, fields: Mapping[str, bytes]) -> Run:
    for name, place in fields_of(run).items():
        told = fields.get(place)
        if told is not None:
            at, _, value = told.partition(b":")
            run = run.with_state(name, _state.decode(value), int(at))
    return run
