"""The list of the founding pages' rows, how a row is judged, and that a mark alone proves nothing."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest

from simulator.app import OPERATIONS
from tests.contract.seed_table import lines
from tests.contract.seeds import ROWS, Proof, Row, left_out, verdict

ROOT = Path(__file__).parents[2]
FOLDER = os.environ.get("HUBSPOT_OPENAPI")
PAGE = Path(FOLDER or "nowhere") / "SEEDS.md"

CLIENT = "tests/contract/test_client_x.py::test_a[one]"
SIMULATOR = "tests/contract/test_simulator_x.py::test_b"


@pytest.mark.skipif(not PAGE.exists(), reason="HUBSPOT_OPENAPI names no folder with SEEDS.md")
def test_the_rows_are_those_of_the_list() -> None:
    assert list(ROWS) == re.findall(r"^\| ([BG]\d+) \|", PAGE.read_text(), re.MULTILINE)


def test_every_operation_of_a_row_is_one_of_the_simulators() -> None:
    named = {operation for row in ROWS.values() for operation in row.operations}
    assert named <= {operation.name for operation in OPERATIONS}


def gap(*proofs: tuple[str, Literal["passed", "failed", "skipped"]], waits_for: str = "") -> str:
    return verdict(Row("fact", waits_for=waits_for), [Proof("B1", test, outcome) for test, outcome in proofs]).gap


def test_a_row_needs_a_test_of_the_client_and_one_of_the_simulator_that_passed() -> None:
    assert gap((CLIENT, "passed"), (SIMULATOR, "passed")) == ""
    assert gap() == "no test of the client or the simulator"
    assert gap((CLIENT, "passed")) == "no test of the simulator"
    assert gap((CLIENT, "skipped"), (SIMULATOR, "passed")) == "no test of the client"


def test_a_row_is_not_proved_while_one_of_its_tests_fails() -> None:
    assert gap((CLIENT, "failed"), (CLIENT, "passed"), (SIMULATOR, "passed")) == "failed: test_a"


def test_a_row_that_waits_for_something_needs_no_test_and_is_judged_by_those_it_has() -> None:
    assert gap(waits_for="the export") == ""
    assert gap((CLIENT, "failed"), waits_for="the export") == "failed: test_a"
    assert gap((CLIENT, "passed"), waits_for="the export") == "no test of the simulator"


def test_what_was_asked_must_be_one_of_the_rows_operations() -> None:
    row = Row("fact", ("GET /", "POST /"))
    assert [left_out(row, asked) for asked in (["GET /", "DELETE /"], ["DELETE /"], [])] == [False, True, True]
    assert [left_out(Row("any"), asked) for asked in (["GET /"], [])] == [False, True]


def test_the_table_has_a_line_for_every_row() -> None:
    proofs = [Proof("B1", CLIENT, "passed"), Proof("B1", SIMULATOR, "failed")]
    told = list(lines({"B1": verdict(ROWS["B1"], proofs), "G3": verdict(ROWS["G3"], [])}, proofs))
    assert [re.sub(" +", " ", line).strip() for line in told] == [
        "row fact client simulator verdict",
        "B1 one POST creates several campaigns 1/1 0/1 failed: test_b",
        f"passed {CLIENT}",
        f"failed {SIMULATOR}",
        "G3 campaign data can be transferred to a warehouse 0/0 0/0 waits for the export command",
        "2 rows: 0 proved, 1 with a gap, 1 waiting",
    ]


MARKED = """
import pytest
from tests.contract.in_process import a_scene

@pytest.mark.seed("G37")
async def test_that_asks():
    async with a_scene() as scene:
        await scene.ask("DELETE", "/x")

@pytest.mark.seed("G38")
async def test_that_asks_for_something_else():
    async with a_scene() as scene:
        await scene.ask("DELETE", "/x")

@pytest.mark.seed("G99")
def test_of_no_row():
    pass
"""


def test_a_mark_alone_proves_nothing_and_ends_make_seeds_in_failure(tmp_path: Path) -> None:
    file = tmp_path / "test_client_marked.py"
    file.write_text(MARKED)
    plugins = ["-p", "tests.contract.conftest", "-p", "tests.contract.seed_table"]
    command = [sys.executable, "-m", "pytest", *plugins, "-p", "no:cacheprovider", "--rootdir", str(ROOT), str(file)]
    command += ["-c", str(ROOT / "pyproject.toml")]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    told = re.sub(" +", " ", done.stdout)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "marked G38, but asked the simulator only for ['DELETE /{campaign}']" in told
    assert "G37 a delete is always 204 1/1 0/0 no test of the simulator" in told
    assert "G38 search: `name` is a substring 0/1 0/0 failed: test_that_asks_for_something_else" in told
    assert "G99 0/0 0/0 there is no such row" in told
