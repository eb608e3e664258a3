"""Every name that outlives a process: run ids, markers, fingerprints, Redis keys and their lifetimes."""

import hashlib
import re
from typing import Final

import msgspec

from campaigns.model import Trigger

SECOND: Final = 1_000
HOUR: Final = 3_600 * SECOND
DAY: Final = 24 * HOUR

PREFIXES: Final = {
    # permanent
    "accepts": "fanfare:accepts",  # counts acceptances; the last part of the order in a lane
    "birth": "fanfare:birth",  # which installation began here, when, and in which of Redis's histories
    # open: gone when the runs, portals or callbacks that they speak of are
    "due": "fanfare:due",  # portal -> when somebody must be on it
    "late": "fanfare:late",  # portal -> since when it has had work; from the first call for it until it is served
    "run": "fanfare:run:",  # + run id: the run, until it is trimmed
    "key": "fanfare:key:",  # + key hash: run id and fingerprint; lives as long as the run
    "index": "fanfare:index:",  # + caller: run id -> number of its acceptance
    "ended": "fanfare:ended",  # run id -> when it is trimmed
    "line": "fanfare:line:",  # + portal: run id -> rank; may go now
    "turns": "fanfare:turns:",  # + portal: who had which turn in the line
    "waiting": "fanfare:waiting:",  # + portal: run id -> until
    "held": "fanfare:held:",  # + portal: run id -> notbefore
    "later": "fanfare:later:",  # + lane hash: held run id -> its trigger's sequence
    "flight": "fanfare:flight:",  # + portal: run id -> its rank in the line
    "lane": "fanfare:lane:",  # + lane hash: order and run id; the head has score 0, those behind it 1
    "ghosts": "fanfare:ghosts:",  # + portal: attempt declared absent -> when it is looked for
    "park": "fanfare:park:",  # + portal: why it is parked or paused, until when; RECOVERED once it is neither
    "open": "fanfare:open:",  # + portal: caller -> how many of its runs are open
    "over": "fanfare:over:",  # + portal: caller -> how many of its runs their recipes hold (`max_creates_per_hour`)
    "told": "fanfare:told:",  # + portal: caller -> id of the last message of its trouble; RECOVERED once that is over
    "bulk": "fanfare:bulk:",  # + bulk id: run id -> its number; the runs that a verb is still to be applied to
    "bulks": "fanfare:bulks",  # bulk id -> when somebody is to work it off
    "callbacks": "fanfare:callbacks",  # id of a run or message -> when it is posted next
    # with a lifetime
    "lease": "fanfare:lease:",  # + portal: who serves it (LEASE)
    "call": "fanfare:call:",  # + portal: an RQ job was enqueued for it (CALL)
    "quota": "fanfare:quota:",  # + portal: place -> when it is free again (QUOTA)
    "notifier": "fanfare:notifier",  # somebody delivers callbacks (LEASE)
    "message": "fanfare:message:",  # + message id: what a caller's operators are told (SHOWN)
    "undelivered": "fanfare:undelivered:",  # + caller: id of what is parked -> since when (as long as any of it)
    "shown": "fanfare:shown:",  # + portal: ghosts that people must decide about -> since when (SHOWN)
    "epoch": "fanfare:epoch",  # since when HubSpot may know more than we do, and why (RETENTION)
    "found": "fanfare:found:",  # + portal: run id -> campaign, from the walk of an epoch (RETENTION)
    "subject": "fanfare:subject:",  # + lane hash: its campaign, and which run last set what (SUBJECT)
    "access": "fanfare:access:",  # + grant: the access token of all processes (while it may be used)
    "refresh": "fanfare:refresh:",  # + grant: the refresh token that HubSpot gave instead of the settings' (REFRESH)
    "refreshing": "fanfare:refreshing:",  # + grant: who refreshes now (REFRESHING)
    "creates": "fanfare:creates:",  # + portal and recipe: run id -> when it may make its campaign (an hour more)
    "verb": "fanfare:verb:",  # + key hash: what an operator's verb came to, and its fingerprint (a day)
    "wake": "fanfare:wake:",  # a channel; + process: portals that it holds and that have work
}
"""The beginning of every Redis key, by the name under which scripts know it."""

PERMANENT: Final = frozenset({"accepts", "birth"})
PERISHABLE: Final = frozenset(
    {"lease", "call", "quota", "notifier", "message", "undelivered", "shown", "epoch", "found", "subject"}
    | {"access", "refresh", "refreshing", "creates", "verb"}
)
"""Keys that carry a TTL; all others but the permanent ones end with what they speak of."""

LEASE: Final = 6 * SECOND
"""A dead holder's portal is taken over after this: renewed each quarter of it, three renewals may be lost."""

CALL: Final = 5 * SECOND
"""How long an enqueued job has to take the lease before the sweep enqueues another."""

QUOTA: Final = DAY
"""No place is taken for longer than a call and a window; a day outlives any of them."""

RECOVERED: Final = 2 * DAY
"""A step's patience (a day) does not count the time in which its portal was parked."""

SHOWN: Final = 30 * DAY
"""As long as people look back at runs."""

SUBJECT: Final = 400 * DAY
"""A yearly event finds last year's campaign; after its last run a subject is kept that long."""

REFRESHING: Final = 12 * SECOND
"""A refresh is given up after ten seconds; two more for its way into Redis. A dead process's turn ends with it."""

REFRESH: Final = 400 * DAY
"""Begins anew with each refresh: a portal that was silent for a year still finds its refresh token."""

RETENTION: Final = 30 * DAY
"""Operators look back a month; HubSpot keeps the campaign itself."""


def _hash(*parts: str) -> str:
    """128 bits over the parts, in hex; no two lists of parts give the same text to hash."""
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:32]


def run_id(installation: str, caller: str, key: str, portal: str) -> str:
    """Name one wish: the same on every repeat of it, even after Redis was lost, and different for every other."""
    return _hash(installation, caller, key, portal)


def key_hash(caller: str, key: str) -> str:
    """Name a caller's key; two callers may use the same key for different wishes."""
    return _hash(caller, key)


def event_key(source: str, event_id: str) -> str:
    """The key of a trigger without an `Idempotency-Key`: CloudEvents promises that source and id name one event."""
    return _hash("event", source, event_id)


def header_key(header: str) -> str:
    """The key that an `Idempotency-Key` header gives; never equal to one of `event_key`."""
    return _hash("header", header)


def subject_hash(space: str, subject: str) -> str:
    """Name a subject within its space."""
    return _hash(space, subject)


def lane_name(portal: str, space: str, subject: str) -> str:
    """Name the lane of a subject on a portal."""
    return _hash(portal, space, subject)


def grant_name(portal: str, client_id: str, refresh_token: str) -> str:
    """Name what a portal's app may ask tokens with: another app or a new connection is another grant."""
    return f"{portal}.{_hash(client_id, refresh_token)}"


def fingerprint(trigger: Trigger) -> str:
    """Tell whether two triggers under one key are the same wish: what the caller gave, in canonical form."""
    told = (
        trigger.type,
        trigger.source,
        trigger.subject,
        trigger.data,
        trigger.portal,
        trigger.notbefore,
        trigger.sequence,
        trigger.callbackurl,
    )
    return hashlib.sha256(msgspec.json.encode(told, order="deterministic")).hexdigest()


# --- markers: how a campaign, budget or spend item says which attempt of which run made it ---

_MARKER: Final = re.compile(r"\[fanfare:([0-9a-f]{32})\.([0-9a-z]+)\.([0-9a-f]{32}|-)\]")
_LOOKS_LIKE_A_MARKER: Final = re.compile(r"\[fanfare:[^\]\n]*\]?", re.IGNORECASE)
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


class Marker(msgspec.Struct, frozen=True):
    """Whose attempt made a thing in HubSpot.

    Attributes:
        attempt: the time at which the attempt was journalled; no two attempts of a run have the same.
        subject: `subject_hash`, or "-" for a run without a subject.

    """

    run: str
    attempt: int
    subject: str = "-"

    def __str__(self) -> str:
        """The text that stands in HubSpot."""
        return f"[fanfare:{self.run}.{_base36(self.attempt)}.{self.subject}]"


def marker_in(text: str | None) -> Marker | None:
    """The first marker in *text*, if there is one."""
    found = _MARKER.search(text or "")
    return Marker(found[1], int(found[2], 36), found[3]) if found else None


def without_markers(text: str) -> str:
    """*text* without anything that looks like a marker, so that no caller can sign in our name."""
    before = None
    while "[" in text and before != text:  # what is left may close up to a marker again
        before, text = text, _LOOKS_LIKE_A_MARKER.sub("", text)
    return text


def with_marker(text: str, marker: Marker) -> str:
    """*text* signed by *marker*, on a line of its own."""
    return f"{text}\n{marker}" if text else str(marker)


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits or "0"
