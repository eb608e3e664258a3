"""The page for operators says of every setting what its docstring says."""

import re
from inspect import cleandoc
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import pytest

from campaigns.settings import Caller, File, OAuth, Portal, Secret

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "settings.md").read_text()


def meanings(kind: type[msgspec.Struct]) -> dict[str, str]:
    """What the docstring says of each attribute."""
    _, _, attributes = cleandoc(kind.__doc__ or "").partition("Attributes:\n")
    found = re.findall(r"^    (\w+): (.*(?:\n      .*)*)", attributes, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in found}


def choices(hint: object) -> tuple[str, ...]:
    """The words that a setting may be, or consist of."""
    if get_origin(hint) is Literal:
        return get_args(hint)
    return next((found for part in get_args(hint) if (found := choices(part))), ())


def default(field: msgspec.structs.FieldInfo) -> str:
    match field.default:
        case msgspec.NODEFAULT:
            return "must be told"
        case None:
            return ""
        case value:
            return f"`{msgspec.json.encode(value).decode()}`"


def row(field: msgspec.structs.FieldInfo, meaning: str, hints: dict[str, Any]) -> str:
    words = ", ".join(f"`{word}`" for word in choices(hints[field.name]))
    return f"| `{field.name}` | {default(field)} | {meaning}{f' ({words})' if words else ''} |\n"


def table(kind: type[msgspec.Struct]) -> str:
    """The rows of the page, as the code has them."""
    told, hints = meanings(kind), get_type_hints(kind)
    rows = (row(field, told[field.name], hints) for field in msgspec.structs.fields(kind))
    return "| setting | unless told | |\n| --- | --- | --- |\n" + "".join(rows)


@pytest.mark.parametrize("kind", [File, Portal, OAuth, Secret, Caller])
def test_the_page_has_the_table_of_every_kind_of_setting(kind: type[msgspec.Struct]) -> None:
    assert table(kind) in PAGE, f"docs/settings.md lacks this:\n\n{table(kind)}"


def test_the_page_names_every_variable_of_the_environment_and_no_other() -> None:
    files = [path for folder in ("campaigns", "service", "workers", "cli") for path in (ROOT / folder).rglob("*.py")]
    used = {name for path in files for name in re.findall(r"\bFANFARE_[A-Z_]+\b", path.read_text())}
    assert set(re.findall(r"^\| `(FANFARE_[A-Z_]+)`", PAGE, re.MULTILINE)) == used
