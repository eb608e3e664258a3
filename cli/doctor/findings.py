"""What the doctor finds: one sentence each, and what to do about it. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final, Literal

import msgspec

from campaigns.errors import CampaignsError, Later, MissingScope, RateLimited, Revoked, Unauthorized
from campaigns.hubspot.wire import Limits
from campaigns.keys import SECOND
from campaigns.quota import Limit
from campaigns.store.durability import Verdict
from campaigns.store.epochs import Epoch

Grade = Literal["ok", "look", "wrong"]
"""All is well; an operator should know; something does not work, or would lose something."""

WORTH_A_LOOK: Final = 30 * SECOND
"""A machine whose clock is set by NTP is off by milliseconds."""

TOO_MUCH: Final = 300 * SECOND
"""A look-up reaches five minutes further back than the oldest send in doubt, as clocks may differ; not further."""

NEARLY_SPENT: Final = 0.1
"""Of the day's budget."""

WHY_AN_EPOCH: Final = {
    "birth": "the record of our beginning was missing",
    "failover": "a replica of Redis has taken over, and may not have heard of all",
    "restored": "a backup was restored",
}


class Finding(msgspec.Struct, frozen=True):
    """What was seen of *what*, how bad that is, and what to do; nothing to do where all is well."""

    grade: Grade
    what: str
    seen: str
    do: str = ""


class Right(msgspec.Struct, frozen=True):
    """What a token may do by a *scope*, and how bad it is *without*."""

    may: str
    scope: str
    without: Grade


def of_permissions(refused: Sequence[str]) -> Finding:
    """Whether Redis lets our user send every command that the programs send."""
    if not refused:
        return Finding("ok", "redis", "our user may do all that the programs do")
    seen = f"our user may not: {', '.join(refused)}"
    return Finding("wrong", "redis", seen, "give it the rights of docs/redis.md (`ACL SETUSER`)")


def of_right(what: str, right: Right, refusal: CampaignsError | None) -> Finding:
    """Whether the portal lets the token do something beside reading, which it was asked and met *refusal*."""
    match refusal:
        case None:
            return Finding("ok", what, f"the token may {right.may}")
        case MissingScope():
            seen = f"the token may not {right.may}: {refusal.problem.detail}"
            return Finding(right.without, what, seen, f"grant the app the scope {right.scope}")
        case _:
            seen = f"whether the token may {right.may} cannot be seen: {refusal.problem.detail}"
            return Finding("look", what, seen, "ask again")


def of_redis(verdict: Verdict) -> Iterator[Finding]:
    """Whether Redis is one to begin with."""
    for objection in verdict.objections:
        yield Finding("wrong", "redis", objection, "see docs/redis.md; the programs do not start before")
    for caution in verdict.cautions:
        yield Finding("look", "redis", caution, "see docs/redis.md")
    if not verdict.objections:
        yield Finding("ok", "redis", "keeps what it confirms")


def of_clock(what: str, apart: int) -> Finding:
    """Whether two clocks agree that are *apart* ms apart."""
    seen = f"{abs(apart) / SECOND:.1f} s {'ahead of' if apart > 0 else 'behind'} Redis's clock"
    if abs(apart) >= TOO_MUCH:
        return Finding(
            "wrong", what, seen, "set the clock (NTP): look-ups reach back five minutes for this and no further"
        )
    if abs(apart) >= WORTH_A_LOOK:
        return Finding("look", what, seen, "set the clock (NTP)")
    return Finding("ok", what, seen)


def of_answer(what: str, error: CampaignsError) -> Finding:
    """What a portal's answer to a plain read means, which was *error*."""
    seen = error.problem.detail
    match error:
        case Revoked():
            return Finding(
                "wrong", what, seen, "connect the app again, and put its new refresh token where the settings say"
            )
        case Unauthorized():
            return Finding("wrong", what, seen, "put a token that HubSpot accepts where the settings say")
        case MissingScope():
            return Finding("wrong", what, seen, "grant the app the scope that is named, or one of its alternatives")
        case RateLimited():
            return Finding("look", what, seen, "nothing: its runs wait until HubSpot has calls left")
        case Later():
            return Finding(
                "wrong", what, seen, "try again; if it stays, see `base_url`, the network and status.hubspot.com"
            )
        case _:
            return Finding("wrong", what, seen, "see `base_url` and `version` of the portal")


def of_limits(what: str, limits: Limits | None, told: Limit) -> Iterator[Finding]:
    """Whether the quota in the settings is the account's, as its headers say it."""
    if limits is None or limits.max is None:
        yield Finding("ok", what, f"no word on its quota; the settings' tier gives {told.per_window} calls in 10 s")
        return
    if limits.max == told.per_window:
        yield Finding("ok", what, f"{limits.max} calls in 10 s, as in the settings")
    else:
        seen = f"{limits.max} calls in 10 s; the settings' tier says {told.per_window}"
        yield Finding(
            "look", what, seen, "correct `tier` in the settings: it holds until the first answer of each process"
        )
    if limits.daily and limits.daily_remaining is not None:
        left = f"{limits.daily_remaining:,} of {limits.daily:,} calls left today"
        spent = limits.daily_remaining < NEARLY_SPENT * limits.daily
        yield Finding(
            "look" if spent else "ok", what, left, "see which app spends them: the day is shared" if spent else ""
        )


def of_epoch(what: str, epoch: Epoch | None) -> Finding:
    """Whether HubSpot may know more of a portal than Redis does."""
    if epoch is None:
        return Finding("ok", what, "no epoch: Redis knows all that we have made")
    why = WHY_AN_EPOCH[epoch.why]
    if epoch.walked:
        return Finding("ok", what, f"an epoch is in force ({why}); the portal has been walked")
    return Finding(
        "look",
        what,
        f"an epoch is in force ({why}); nothing is made before the portal has been walked",
        "nothing; or, if Fanfare has never worked on this portal: fanfare doctor --first-install",
    )


def exit_code(findings: Sequence[Finding]) -> int:
    """1 if anything is wrong."""
    return int(any(finding.grade == "wrong" for finding in findings))
