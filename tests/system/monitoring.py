"""What operators' machines are given: the alerts, and the Debian programs that judge them."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest
import yaml  # type: ignore[import-untyped]  # ships no types

from tests.system.manifests import DEPLOY, Thing

MONITORING: Final = DEPLOY / "components" / "monitoring"

RULES: Final[Thing] = yaml.safe_load((MONITORING / "alerts.yaml").read_text())["spec"]
"""The rules as Prometheus itself takes them."""

ALERTS: Final[tuple[Thing, ...]] = tuple(rule for group in RULES["groups"] for rule in group["rules"])

SELECTOR: Final = re.compile(r"\b((?:fanfare|process)_\w+)((?:\{[^}]*\})?)")
"""What an expression asks of Prometheus: a metric, with the labels that it wants."""


def selectors(expression: str) -> list[str]:
    """Every selector of *expression*."""
    return [name + labels for name, labels in SELECTOR.findall(expression)]


def names(expression: str) -> set[str]:
    """Every metric that *expression* names."""
    return {name for name, _ in SELECTOR.findall(expression)}


def needs_prometheus() -> None:
    """Skip, or fail where everything has to be tested, if Debian's package is not installed."""
    absent = [name for name in ("prometheus", "promtool") if shutil.which(name) is None]
    if absent:
        reason = f"no {', '.join(absent)} here: apt-get install --no-install-recommends prometheus"
        (pytest.fail if "FANFARE_TEST_ALL" in os.environ else pytest.skip)(reason)


def promtool(*arguments: str, folder: Path) -> str:
    """What promtool says, in *folder*; a complaint of its fails the test."""
    command: Sequence[str] = ("promtool", *arguments)
    done = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def written(path: Path, told: Any) -> Path:  # noqa: ANN401 - YAML is any
    """*told* as YAML at *path*."""
    path.write_text(yaml.safe_dump(told))
    return path
