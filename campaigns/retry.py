"""What becomes of a step whose call failed: pure, so that time, chance and the error come in as arguments."""

from typing import Final

from campaigns.errors import CampaignsError, Later, Problem
from campaigns.states import Failed, Sent, State, Waiting

FIRST_PAUSE: Final = 500
"""HubSpot asks for "a few seconds" after a 5xx; the first repeat may come sooner, the second no longer does."""

LONGEST_PAUSE: Final = 300_000
"""Five minutes: a recovered HubSpot is used soon, an absent one is asked twelve times an hour."""

PATIENCE: Final = 24 * 3_600_000
"""A step that keeps failing gives up after a day: longer than HubSpot's longest announced pause."""


def pause(tries: int, chance: float) -> int:
    """Milliseconds before the next call after *tries* failures: doubling, with full jitter in the upper half.

    Args:
        tries: failed calls so far, at least 1.
        chance: a random number in [0, 1), so that runs that failed together do not return together.

    """
    most = min(FIRST_PAUSE * 2 ** min(tries - 1, 30), LONGEST_PAUSE)
    return int(most / 2 + chance * most / 2)


CONFLICT: Final = 409
"""What HubSpot might answer to a name that is taken; nothing documents it (CONTRACT, section 5)."""


def after_absence(
    sent: Sent, at: int, *, now: int, chance: float, well_since: int = 0, patience: int = PATIENCE
) -> State:
    """The state of a step that was in doubt and of which HubSpot has nothing, for certain.

    Arguments as of `after_failure`. Two conflicts without anything to show for them are a refusal.
    """
    problem = sent.problem or Problem("no answer came, and nothing was made")
    if problem.status == CONFLICT and sent.tries:
        return Failed(problem)
    return after_failure(
        Later(problem=problem), sent, at, now=now, chance=chance, well_since=well_since, patience=patience
    )


def after_failure(
    error: CampaignsError,
    sent: Sent,
    at: int,
    *,
    now: int,
    chance: float,
    well_since: int = 0,
    patience: int = PATIENCE,
) -> State:
    """The state of a step whose call came to nothing for certain.

    Args:
        error: `Later` may be repeated; anything else is final.
        sent: the state in which the call went out.
        at: when it went out.
        now: Redis's time.
        chance: a random number in [0, 1).
        well_since: when the portal was last in trouble as a whole: that time does not count.
        patience: how long after its first call the step gives up.

    """
    since = max(sent.since or at, well_since)
    if not isinstance(error, Later) or now - since >= patience:
        return Failed(error.problem)
    tries = sent.tries + 1
    asked = int((error.after or 0) * 1000)
    return Waiting(span=max(asked, pause(tries, chance)), tries=tries, since=since, problem=error.problem)
