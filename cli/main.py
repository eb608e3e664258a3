"""`fanfare ...`: the programs, and what people do around them."""

import asyncio
import hashlib
import os
import secrets
import sys
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from campaigns.settings import LOOPBACK
from cli import portals, recipes
from cli import up as standing
from cli.doctor import looking as examination

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Triggers in, HubSpot campaigns out.")
callers = typer.Typer(no_args_is_help=True, help="The services that may send triggers.")
app.add_typer(callers, name="callers")
app.add_typer(portals.app, name="portals")
app.add_typer(recipes.app, name="recipes")

KEY_BYTES: Final = 24
"""192 random bits: an API key is never guessed, so its plain SHA-256 may stand in the settings."""


def main() -> None:
    """Run the command line."""
    app()


@app.command()
def serve(host: str = "127.0.0.1", port: int = 8080) -> None:
    """Take triggers over HTTP until SIGTERM."""
    _become("service", "--host", host, "--port", str(port))


@app.command()
def work(queue: Literal["campaigns", "callbacks"]) -> None:
    """Work on one queue until SIGTERM; answers probes on FANFARE_HEALTH_PORT."""
    _become("workers", queue)


@app.command()
def simulate(port: int = 8900, host: str = "127.0.0.1") -> None:
    """Play HubSpot on this machine."""
    if host not in LOOPBACK:
        typer.echo(f"anyone who reaches {host}:{port} can use the simulator", err=True)
    _become("simulator", "--host", host, "--port", str(port))


@app.command()
def up(data: Annotated[Path, typer.Option(help="what the programs keep")] = Path(".fanfare")) -> None:
    """Start everything on this machine, against the simulator, until Ctrl-C."""
    raise typer.Exit(standing.up(data))


@app.command()
def doctor(
    *,
    restored: Annotated[bool, typer.Option(help="an older Redis was restored: look before anything is made")] = False,
    first_install: Annotated[bool, typer.Option(help="nothing of ours is in HubSpot yet: nothing to look for")] = False,
) -> None:
    """Look at settings, Redis and HubSpot's accounts; say what is wrong and what to do. Exit code 1 if anything is."""
    if restored and first_install:
        raise typer.BadParameter("either --restored or --first-install")
    raise typer.Exit(asyncio.run(examination.print_all(os.environ, restored=restored, first_install=first_install)))


@callers.command("new")
def new_caller(name: str) -> None:
    """Make an API key: the caller keeps the key, the settings its digest."""
    key = f"ff_{secrets.token_urlsafe(KEY_BYTES)}"
    digest = hashlib.sha256(key.encode()).hexdigest()
    typer.echo(f"give this to {name}, it is not shown again:\n  {key}\n")
    typer.echo(f'put this into the settings:\n  [callers.{name}]\n  keys = ["sha256:{digest}"]')


def _become(program: str, *arguments: str) -> None:
    """Run *program* in the place of this process, so that signals reach it and its exit code is ours."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", program, *arguments])  # noqa: S606 - our own program, no shell


if __name__ == "__main__":
    main()
