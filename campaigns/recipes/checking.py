"""What is wrong with one recipe that can be read: found before any trigger comes, told to whoever wrote it. Pure."""

import re
from collections.abc import Generator, Iterator
from difflib import get_close_matches
from typing import Final

from campaigns.hubspot.asset_types import doubt_about
from campaigns.hubspot.properties import READ_ONLY, RETIRED, objections
from campaigns.recipes import language, templates
from campaigns.recipes.filters import number
from campaigns.recipes.lifecycles import stage_of
from campaigns.recipes.mistakes import Mistake
from campaigns.recipes.positions import Path
from campaigns.recipes.shapes import MEND, REQUESTED, AssetWanted, ItemWanted, Recipe
from campaigns.recipes.unfit import Unfit

WRITABLE: Final = (
    "hs_name",
    "hs_start_date",
    "hs_end_date",
    "hs_notes",
    "hs_audience",
    "hs_currency_code",
    "hs_campaign_status",
    "hs_utm",
)
"""HubSpot's own properties that the campaigns guide lets be written; a portal may define others without `hs_`."""

_TYPE: Final = re.compile(r"[^\s*]*[\w*][^\s]*")
_ASSET_TYPE: Final = re.compile(r"[A-Z_]{2,40}")
_LINE_IN_ERROR: Final = re.compile(r"\s*\(in <[^>]*>:\d+\)|^syntax error: ")


def mistakes(recipe: Recipe) -> Iterator[Mistake]:
    """All that is wrong with *recipe* by itself; paths begin in it."""
    yield from _about_triggers(recipe)
    yield from _condition(("when",), recipe.when, templates.KNOWN)
    yield from _properties(recipe)
    for number_, asset in enumerate(recipe.assets or ()):
        yield from _asset(("assets", number_), asset)
    for kind in ("budget", "spend"):
        items: tuple[ItemWanted, ...] = getattr(recipe, kind)
        for number_, item in enumerate(items):
            yield from _item((kind, number_), item)
    if recipe.callback is not None and not re.match(r"https?://[^\s/]+", recipe.callback):
        yield Mistake(
            ("callback",), f"`callback` is no address: {recipe.callback!r}", "such as https://shop.internal/status"
        )


def _about_triggers(recipe: Recipe) -> Iterator[Mistake]:
    if not recipe.types:
        yield Mistake(("on",), "`on` names no type of trigger", 'such as on = "product.launched"')
    for kind in recipe.types:
        if not _TYPE.fullmatch(kind):
            yield Mistake(
                ("on",), f"{kind!r} is no type of trigger", 'such as on = "product.launched" or on = "product.*"'
            )
        elif kind == REQUESTED:
            yield Mistake(("on",), f"{REQUESTED} needs no recipe: its data says everything", "choose another type")
        elif kind == MEND:
            yield Mistake(("on",), f"{MEND} needs no recipe: what is wanted is known", "choose another type")
    if recipe.portal is None:
        yield Mistake(
            ("on",),
            "no `portal`: each trigger must name one",
            'add portal = "..." with a name of the settings',
            stops=False,
        )
    if recipe.archive and (recipe.properties or recipe.assets or recipe.budget or recipe.spend):
        yield Mistake(("archive",), "the campaign is archived: what else the recipe says is not done", stops=False)


def _properties(recipe: Recipe) -> Iterator[Mistake]:
    plain: dict[str, str] = {}
    for name, value in recipe.properties.items():
        path: Path = ("properties", name)
        yield from _template(path, value, templates.KNOWN)
        if name in READ_ONLY or name in RETIRED or "{" not in value:
            plain[name] = value
        if name.startswith("hs_") and name not in {*WRITABLE, *READ_ONLY, *RETIRED}:
            near = get_close_matches(name, WRITABLE, n=1)
            yield Mistake(
                path,
                f"HubSpot's guide knows no property {name}",
                f"did you mean `{near[0]}`?" if near else "",
                stops=False,
            )
    for one in objections(plain, creating=False):
        where: Path = ("properties", one.property)
        yield Mistake(where, f"{one.property}: {one.why}", _HINTS.get(one.property, ""), stops=one.stops)
    if not recipe.archive and "hs_name" not in recipe.properties:
        yield from _nameless(recipe)


_HINTS: Final = {
    "hs_start_date": "{{ data.day | date }} makes a day of any date",
    "hs_end_date": "{{ data.day | date(days=30) }} makes a day of any date",
    "hs_campaign_status": "one of planned, in_progress, active, paused, completed",
    "hs_goal": "write it into hs_notes",
    **dict.fromkeys(READ_ONLY, "remove the line"),
}


def _nameless(recipe: Recipe) -> Iterator[Mistake]:
    doing = {recipe.do or stage_of(kind).do for kind in recipe.types}
    if doing - {"update"}:
        yield Mistake(
            ("properties",),
            "the campaign has no name: `hs_name` is missing",
            'such as hs_name = "Launch: {{ data.name }}"',
        )
    elif recipe.upsert:
        yield Mistake(
            ("properties",),
            "a subject without a campaign gets none, as `hs_name` is missing: the run fails then",
            "add hs_name, or say upsert = false",
            stops=False,
        )


def _asset(path: Path, asset: AssetWanted) -> Iterator[Mistake]:
    known = yield from _row(path, asset)
    yield from _template((*path, "id"), asset.id, known)
    yield from _template((*path, "type"), asset.type, known)
    if "{" in asset.type:
        return
    doubt = doubt_about(asset.type)
    if doubt:
        yield Mistake(
            (*path, "type"), doubt, "the types are in docs/recipes.md", stops=not _ASSET_TYPE.fullmatch(asset.type)
        )


def _item(path: Path, item: ItemWanted) -> Iterator[Mistake]:
    known = yield from _row(path, item)
    yield from _template((*path, "name"), item.name, known)
    yield from _template((*path, "description"), item.description, known)
    if isinstance(item.amount, str) and "{" in item.amount:
        yield from _template((*path, "amount"), item.amount, known)
        return
    try:
        number(item.amount)
    except Unfit as unfit:
        yield Mistake(
            (*path, "amount"), f"the amount: {unfit}", 'such as amount = 1200.5 or amount = "{{ data.budget }}"'
        )


def _row(path: Path, row: AssetWanted | ItemWanted) -> Generator[Mistake, None, frozenset[str]]:
    """What is wrong with `each` and `when`; returns the names that the row's templates may use."""
    yield from _condition((*path, "each"), row.each, templates.KNOWN)
    known = templates.KNOWN | {templates.ITEM} if row.each else templates.KNOWN
    yield from _condition((*path, "when"), row.when, known)
    return known


def _condition(path: Path, code: str, known: frozenset[str]) -> Iterator[Mistake]:
    if not code:
        return
    if "{{" in code or "{%" in code:
        yield Mistake(path, f"`{path[-1]}` is written without braces", "such as when = \"data.region == 'EU'\"")
        return
    found = language.in_expression(code)
    yield from (Mistake(path, trouble.why, trouble.hint) for trouble in found)
    if not found:
        yield from _readable(path, f"{{{{ {code} }}}}", known)


def _template(path: Path, text: str, known: frozenset[str]) -> Iterator[Mistake]:
    if "{" not in text:
        return
    found = language.troubles(text)
    yield from (Mistake(path, f"{path[-1]}: {trouble.why}", trouble.hint, within=trouble.line - 1) for trouble in found)
    if not found:
        yield from _readable(path, text, known)


def _readable(path: Path, text: str, known: frozenset[str]) -> Iterator[Mistake]:
    error = templates.syntax(text)
    if error is not None:
        why = _LINE_IN_ERROR.sub("", str(error.message))
        yield Mistake(
            path,
            f"{path[-1]}: the template cannot be read: {why}",
            "each {{ needs its }}, each {% if %} its {% endif %}, each ' its '",
            within=(error.line or 1) - 1,
        )
        return
    for name in sorted(templates.names(text) - known):
        near = get_close_matches(name, known, n=1)
        mine = "each value of the list is `item`: {{ item }}" if templates.ITEM in known else ""
        others = f"did you mean `{near[0]}`?" if near else mine or f"what it brings is in `data`: {{{{ data.{name} }}}}"
        yield Mistake(path, f"{path[-1]}: a trigger has no `{name}`", others)
