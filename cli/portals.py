"""`fanfare portals diff`: where HubSpot does not have what the triggers of subjects have asked for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, NoReturn, assert_never
from urllib.parse import quote

import httpx
import msgspec
import typer

from campaigns.drift import (
    AssetLeft,
    AssetMissing,
    CampaignGone,
    Difference,
    MarkerLost,
    PropertyDiffers,
    PropertyMissing,
)

app = typer.Typer(no_args_is_help=True, help="HubSpot's accounts.")

DIFFERS: Final = 1
TROUBLE: Final = 2
"""Exit codes, as those of diff(1)."""

PATIENCE: Final = 60.0
"""Seconds: the service reads HubSpot page by page."""

LONGEST: Final = 60
"""Characters of a value that are shown: notes can be long."""


class Report(msgspec.Struct, frozen=True):
    """What of the service's answer is printed."""

    portal: str
    subject: str
    campaign: str | None
    differences: tuple[Difference, ...]


class _Problem(msgspec.Struct, frozen=True):
    title: str
    detail: str


@app.command()
def diff(
    portal: str,
    subjects: list[str],
    service: Annotated[str, typer.Option(help="where it listens")] = "http://127.0.0.1:8080",
    key: Annotated[Path, typer.Option(help="the file with a caller's API key")] = Path(".fanfare/keys/shop"),
) -> None:
    """Print how the campaigns of subjects differ from what is wanted. Exit code 1 if any does, 2 if nobody can say."""
    try:
        headers = {"authorization": f"Bearer {key.read_text(encoding='utf-8').strip()}"}
    except (OSError, UnicodeDecodeError) as error:
        _fail(f"the API key: {error}")
    differs = False
    try:
        with httpx.Client(base_url=service, headers=headers, timeout=PATIENCE, trust_env=False) as http:
            for subject in subjects:
                report = _asked(http, portal, subject)
                typer.echo("\n".join(lines(report)))
                differs = differs or bool(report.differences)
    except (httpx.HTTPError, httpx.InvalidURL, msgspec.DecodeError) as error:
        _fail(f"the service at {service}: {error}")
    if differs:
        raise typer.Exit(DIFFERS)


def _asked(http: httpx.Client, portal: str, subject: str) -> Report:
    answer = http.get(f"/v1/subjects/{quote(portal, safe='')}/{quote(subject, safe='')}/diff")
    if not answer.is_success:
        problem = msgspec.json.decode(answer.content, type=_Problem)
        _fail(f"{portal}, {subject}: {problem.title}: {problem.detail}")
    return msgspec.json.decode(answer.content, type=Report)


def lines(report: Report) -> Iterator[str]:
    """What a person is told of one subject."""
    about = f"{report.portal}, {report.subject}"
    if report.campaign is None:
        yield f"{about}: it has no campaign"
        return
    if not report.differences:
        yield f"{about}: campaign {report.campaign} is as it is wanted"
        return
    yield f"{about}: campaign {report.campaign}"
    for difference in report.differences:
        yield f"  {_told(difference)}"
    if any(isinstance(one, CampaignGone) for one in report.differences):
        yield "  -> bind another campaign to the subject: docs/triggers.md"
    else:
        yield "  -> to mend it, send a trigger of the type campaign.mend with this portal and subject"


def _told(difference: Difference) -> str:
    match difference:
        case CampaignGone():
            return "HubSpot does not have it any more"
        case PropertyDiffers(name=name, wanted=wanted, found=found):
            return f"{name}: {_short(wanted)} is wanted, HubSpot has {_short(found)}"
        case PropertyMissing(name=name, wanted=wanted):
            return f"{name}: {_short(wanted)} is wanted, HubSpot has nothing"
        case AssetMissing(type=kind, id=asset):
            return f"{kind} {asset}: is not attached"
        case AssetLeft(type=kind, id=asset):
            return f"{kind} {asset}: is attached, and is not wanted any more"
        case MarkerLost():
            return "it has lost the marker by which Fanfare knows its own"
        case _:
            assert_never(difference)


def _short(text: str) -> str:
    return repr(text if len(text) <= LONGEST else text[: LONGEST - 3] + "...")


def _fail(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(TROUBLE)
