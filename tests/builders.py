"""Values for tests: good defaults, and only what the test is about said."""

from campaigns import keys
from campaigns.model import Priority, Run, Step, Trigger
from campaigns.plan import step_name
from campaigns.store.accept import Wish as Acceptable
from campaigns.wishes import AttachAsset, CreateCampaign, Wish


def a_run(
    key: str = "k-1",
    *wishes: Wish,
    caller: str = "shop",
    portal: str = "acme",
    subject: str | None = None,
    priority: Priority = "normal",
    sequence: int = 0,
    time: int | None = None,
    notbefore: int | None = None,
    callbackurl: str | None = None,
) -> Run:
    """A run that creates a campaign and attaches an email, unless told otherwise."""
    wanted = wishes or (CreateCampaign({"hs_name": f"Launch {key}"}), AttachAsset("MARKETING_EMAIL", "1"))
    return Run(
        id=keys.run_id("test", caller, key, portal),
        caller=caller,
        portal=portal,
        space="shared",
        recipe="campaign.requested",
        trigger=Trigger(
            type="campaign.requested",
            subject=subject,
            priority=priority,
            sequence=sequence,
            time=time,
            notbefore=notbefore,
            callbackurl=callbackurl,
        ),
        steps=tuple(Step(step_name(wish), wish) for wish in wanted),
    )


def acceptable(run: Run, key: str = "k-1", fingerprint: str = "same") -> Acceptable:
    """The run as it is accepted under its key."""
    return Acceptable(run, keys.key_hash(run.caller, key), fingerprint)
