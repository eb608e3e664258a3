"""`fanfare recipes check` and `plan`: for whoever writes recipes; neither needs a service, Redis or HubSpot."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import typer

from campaigns import forecast, lanes
from campaigns.errors import CampaignsError, Invalid
from campaigns.hubspot.properties import objections
from campaigns.model import Run, Subject, Trigger
from campaigns.plan import Sender, plan
from campaigns.recipes import Reading, Recipes, examine, usable
from campaigns.wishes import CreateCampaign, UpdateCampaign

app = typer.Typer(no_args_is_help=True, help="What to do at which trigger.")

VERSION: Final = "2026-03"
"""Of HubSpot's API, in what `plan` prints: the default of the settings."""

SETTINGS: Final = "fanfare.toml"
"""Recipes may stand among the settings, too."""

NOBODY: Final = Sender("plan", "plan", "plan")

Time = Annotated[datetime, msgspec.Meta(tz=True)]


class _Event(msgspec.Struct, frozen=True):
    """What a plan depends on of a CloudEvent, or of the same names in plain JSON."""

    type: str
    source: str = ""
    id: str = ""
    subject: str | None = None
    time: Time | None = None
    data: dict[str, Any] = {}
    portal: str | None = None
    notbefore: Time | None = None
    callbackurl: str | None = None


@app.command()
def check(paths: Annotated[list[Path], typer.Argument(help="files, or folders of them")]) -> None:
    """Read recipes and say what is wrong with them, where, and what to do. Exit code 1 if anything stops."""
    try:
        reading = read(paths)
    except Invalid as error:
        _fail(str(error))
    for mistake in reading.mistakes:
        typer.echo(str(mistake))
    if not reading.usable:
        raise typer.Exit(1)
    typer.echo(f"{len(reading.recipes)} recipes: they can be used")


@app.command("plan")
def plan_(
    file: Annotated[Path, typer.Argument(help="a file of recipes, or a folder of them")],
    trigger: Annotated[Path, typer.Argument(help="a trigger in JSON, as it is posted")],
    zone: Annotated[str, typer.Option(help="of the portal: `timezone` in its settings")] = "UTC",
    campaign: Annotated[str | None, typer.Option(help="of the subject, in HubSpot: it has one already")] = None,
) -> None:
    """Print the calls to HubSpot that a trigger would bring about; nothing is sent."""
    try:
        run = planned(file, trigger, zone)
        known = lanes.resolve(run, "0", Subject(campaign=campaign))
        lines = list(_told(run, known, campaign))
    except (CampaignsError, OSError) as error:
        _fail(str(error))
    for line in lines:
        typer.echo(line)


def read(paths: Iterable[Path]) -> Reading:
    """What the files, and the `*.toml` in the folders, hold.

    Raises:
        Invalid: one of them cannot be read, or there is none.

    """
    found = [file for path in paths for file in (sorted(path.glob("*.toml")) if path.is_dir() else [path])]
    if not found:
        raise Invalid("there is no *.toml there")
    try:
        texts = {str(file): file.read_text(encoding="utf-8") for file in found}
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"cannot read recipes: {error}") from error
    return examine(texts, among=[str(file) for file in found if file.name == SETTINGS])


def planned(file: Path, trigger: Path, zone: str) -> Run:
    """The run that the trigger in a file would become.

    Raises:
        CampaignsError: none; the message says why.
        OSError: the trigger cannot be read.

    """
    try:
        ZoneInfo(zone)
        event = msgspec.json.decode(trigger.read_bytes(), type=_Event)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Invalid(f"{trigger if isinstance(error, msgspec.DecodeError) else '--zone'}: {error}") from error
    recipes = usable(read([file]))
    zones = {recipe.portal: zone for recipe in recipes if recipe.portal} | (
        {event.portal: zone} if event.portal else {}
    )
    return plan(_trigger(event), Recipes(recipes, zones), NOBODY, "plan")


def _trigger(event: _Event) -> Trigger:
    told = msgspec.structs.asdict(event)
    times = {name: at and int(at.timestamp() * 1000) for name, at in told.items() if name in {"time", "notbefore"}}
    return Trigger(**(told | times))


def _told(run: Run, known: Run, campaign: str | None) -> Iterator[str]:
    """What a person wants to know of the run before the trigger is sent."""
    yield f"recipe {run.recipe!r} on portal {run.portal!r}, subject {run.subject or 'none'}"
    yield f"callback: {run.trigger.callbackurl or 'none'}"
    for step in known.steps:
        if isinstance(step.wish, CreateCampaign | UpdateCampaign):
            creating = isinstance(step.wish, CreateCampaign)
            for one in objections(step.wish.properties, creating=creating):
                yield f"{'refused' if one.stops else 'warning'}: property {one.property}: {one.why}"
    optional = {step.name for step in known.steps if not step.required}
    for call in forecast.calls(known, VERSION, campaign):
        body = "" if call.body is None else " " + msgspec.json.encode(call.body).decode()
        yield f"{call.method} {call.path}{body}{'   (may fail)' if call.step in optional else ''}"


def _fail(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(1)
