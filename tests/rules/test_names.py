"""Names that cross a border: job paths, Redis keys, and the words of the glossary."""

import ast
import inspect
import pkgutil
import re
from pathlib import Path
from typing import get_args

from campaigns import keys, queue
from campaigns.store.scripts import ScriptName, source

ROOT = Path(__file__).parents[2]
LUA = ROOT / "campaigns" / "store" / "lua"
PRODUCT = ("campaigns", "service", "workers", "cli")


def test_every_job_path_names_a_coroutine_function() -> None:
    for path in (queue.ADVANCE, queue.NOTIFY):
        assert inspect.iscoroutinefunction(pkgutil.resolve_name(path))


def test_every_script_is_named_and_every_name_has_its_script() -> None:
    named = set(get_args(ScriptName))
    assert named == {path.stem for path in LUA.glob("*.lua")} - {"prelude"}


def test_scripts_use_only_keys_of_keys_py_and_every_key_has_a_user() -> None:
    used = {name for path in LUA.glob("*.lua") for name in re.findall(r"KEY\.(\w+)", path.read_text())}
    assert used == set(keys.PREFIXES)


def test_no_key_is_written_out_outside_keys_py() -> None:
    places = [path for folder in PRODUCT for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".lua"}]
    told = [path.name for path in places if "fanfare:" in strings(path) and path.name != "keys.py"]
    assert [name for name in told if name not in {"index.py", "batch.py", "problems.py"}] == []


def strings(path: Path) -> str:
    """The string constants of a Python file that are no docstrings; the whole text of any other."""
    if path.suffix != ".py":
        return path.read_text()
    tree = ast.parse(path.read_text())
    constants = [
        node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return "\n".join(text for text in constants if "\n" not in text)


def test_only_acceptance_is_refused_while_memory_is_full() -> None:
    """All else lets open runs end; Redis reads the flags in the first line of a script."""
    refused = {name for name in get_args(ScriptName) if not source(name).startswith("#!lua flags=allow-oom\nlocal")}
    assert refused == {"accept"}
    assert source("accept").startswith("#!lua\nlocal KEY = {")


def test_our_own_things_bear_none_of_the_names_that_hubspot_sells() -> None:
    """`task` in asyncio and CloudEvents' own words are not ours; class names are."""
    sold = re.compile(r"^(Workflow|Playbook|Sequence|Event|List|Webhook|Notification)")
    classes = [
        f"{path.relative_to(ROOT)} {node.name}"
        for folder in PRODUCT
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and sold.match(node.name) and path.stem != "cloudevents"
    ]
    assert classes == []
