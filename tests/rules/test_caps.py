"""Small files and short functions: the caps of the house, and the medians that `make check` prints."""

import ast
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ("campaigns", "service", "workers", "simulator", "cli")

PURE = {
    "campaigns/errors.py", "campaigns/misshapen.py", "campaigns/forecast.py", "campaigns/health.py", "campaigns/states.py", "campaigns/wishes.py", "campaigns/model.py", "campaigns/tracing.py", "campaigns/keys.py", "campaigns/retry.py",
    "campaigns/ghosts.py", "campaigns/parking.py", "campaigns/lanes.py", "campaigns/plan.py", "campaigns/progress.py", "campaigns/quota.py",
    "campaigns/hubspot/types.py", "campaigns/hubspot/batch.py", "campaigns/hubspot/index.py", "campaigns/hubspot/walk.py",
    "campaigns/hubspot/properties.py", "campaigns/hubspot/asset_types.py", "campaigns/store/records.py", "campaigns/store/packing.py", "campaigns/store/former.py", "campaigns/store/subject_changes.py", "campaigns/store/durability.py",
    "simulator/portal.py", "simulator/cursors.py", "simulator/limits.py", "simulator/faults.py", "simulator/switches.py",
}  # fmt: skip
PURE_FOLDERS = ("campaigns/hubspot/wire", "campaigns/recipes")


def product_files() -> list[Path]:
    return sorted(path for folder in PRODUCT for path in (ROOT / folder).rglob("*.py"))


def lines(path: Path) -> int:
    return path.read_text().count("\n")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def cap(path: Path) -> int:
    pure = name(path) in PURE or name(path).startswith(PURE_FOLDERS)
    return 200 if pure else 300


def functions(path: Path) -> list[tuple[str, int]]:
    found = (node for node in ast.walk(ast.parse(path.read_text())))
    return [
        (f"{name(path)}:{node.lineno} {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1)
        for node in found
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_no_pure_module_is_longer_than_200_lines_and_no_other_than_300() -> None:
    assert [f"{name(path)} {lines(path)}" for path in product_files() if lines(path) > cap(path)] == []


def test_every_module_that_counts_as_pure_is_there() -> None:
    assert [path for path in PURE if not (ROOT / path).exists()] == []


def test_no_test_file_is_longer_than_500_lines() -> None:
    assert [name(path) for path in (ROOT / "tests").rglob("*.py") if lines(path) > 500] == []


def test_no_function_is_longer_than_50_lines() -> None:
    found = [row for path in product_files() for row in functions(path)]
    assert [row for row in found if row[1] > 50] == []


def test_no_module_has_a_name_that_attracts_strangers() -> None:
    forbidden = {"utils", "helpers", "common", "base", "misc", "shared"}
    assert [name(path) for path in product_files() if path.stem in forbidden] == []


@pytest.mark.parametrize("folder", PRODUCT)
def test_medians(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Prints, so that a drift is seen long before a cap is met."""
    files = [path for path in product_files() if name(path).startswith(folder)]
    sizes = [size for path in files for _, size in functions(path)] or [0]
    with capsys.disabled():
        print(f"\n  {folder:10} {len(files):3} files, median {median(map(lines, files)):.0f} lines, ", end="")
        print(f"{len(sizes):3} functions, median {median(sizes):.0f} lines", end="")
    assert files
