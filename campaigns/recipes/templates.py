"""Filling texts in from a trigger, in MiniJinja's sandbox (docs/decisions/0004). Pure.

A template sees the trigger and nothing else: no file, no environment, no object of ours. Its steps and its length are
counted: it ends.
"""

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import minijinja
import msgspec
from minijinja import pass_state

from campaigns.errors import Invalid
from campaigns.model import Trigger
from campaigns.recipes.days import ZONE
from campaigns.recipes.filters import OURS, REMOVED
from campaigns.recipes.shapes import LONGEST_TEXT
from campaigns.recipes.unfit import Unfit

MOST_STEPS: Final = 10_000
"""MiniJinja's fuel for one text: a list of a few hundred values can be written out."""

MOST_LISTED: Final = 200
"""Values of a list that assets or items are made for: as many as one run may have."""

ITEM: Final = "item"
"""Under this name a template sees one value of the list that `each` names."""

KNOWN: Final = frozenset({*Trigger.__struct_fields__, "trigger"})
"""What a template can name."""

STRICT: Final = "semi_strict"
"""How texts meet what the trigger does not have: an `if` may ask for it, writing it refuses the trigger."""

FORGIVING: Final = "chainable"
"""How conditions and lists meet it: it is not there, at any depth."""

Values = Mapping[str, Any]


def values_of(trigger: Trigger, zone: ZoneInfo) -> dict[str, Any]:
    """What the templates of one trigger see."""
    told = msgspec.structs.asdict(trigger)
    return {**told, "trigger": told, ZONE: zone}


def text(template: str, values: Values) -> str:
    """*template* with everything filled in.

    Raises:
        Invalid: it names what the trigger does not have, or has grown too long; the message is for its author.

    """
    if "{" not in template:
        return template
    try:
        seen = {name: values[name] for name in _asked(template) if name in values}
        told = _environment(STRICT).render_str(template, **seen)
    except (minijinja.TemplateError, Unfit, TypeError) as error:
        raise Invalid(_why(error)) from error
    if len(told) > LONGEST_TEXT:
        raise Invalid(f"has more than {LONGEST_TEXT} characters")
    return told


def holds(condition: str, values: Values) -> bool:
    """Whether *condition* is true; what the trigger does not have is neither true nor equal to anything.

    Raises:
        Invalid: it cannot be said.

    """
    return not condition or bool(_value(condition, values))


def listed(expression: str, values: Values) -> list[Any] | None:
    """The list that *expression* names; None where the trigger does not have it.

    Raises:
        Invalid: it names something else.

    """
    found = _value(expression, values)
    if found is None:
        return None
    if not isinstance(found, list):
        raise Invalid(f"`each` needs a list, and {expression} is none")
    if len(found) > MOST_LISTED:
        raise Invalid(f"{expression} has more than {MOST_LISTED} values")
    return found


def syntax(template: str) -> minijinja.TemplateError | None:
    """Why *template* cannot be read; None when it can."""
    try:
        _environment(STRICT).undeclared_variables_in_str(template)
        minijinja.Environment(templates={"x": template}).undeclared_variables_in_template("x")
    except minijinja.TemplateError as error:
        return error
    return None


def names(template: str) -> frozenset[str]:
    """The names at the beginning of what *template* asks of the trigger, such as `data`."""
    return frozenset(_environment(STRICT).undeclared_variables_in_str(template))


@lru_cache(maxsize=4_096)
def _asked(template: str) -> tuple[str, ...]:
    """What of the values a template asks for: handing over all of them takes longer than filling in."""
    return (*names(template), ZONE)


def _value(expression: str, values: Values) -> Any:  # noqa: ANN401 - whatever the data holds
    try:
        return _environment(FORGIVING).eval_expr(expression, **values)
    except (minijinja.TemplateError, Unfit, TypeError) as error:
        raise Invalid(_why(error)) from error


@cache
def _environment(missing: Any) -> minijinja.Environment:  # noqa: ANN401 - its types lack semi_strict
    environment = minijinja.Environment(
        undefined_behavior=missing,
        auto_escape_callback=lambda _: False,  # HubSpot's properties are plain text
        filters=OURS,
        fuel=MOST_STEPS,
        finalizer=_written,
        pycompat=False,  # no methods of strings: they could pad one to any length
        debug=True,  # errors name the variable
    )
    for name in REMOVED:
        environment.remove_filter(name)
    for name in environment.globals:
        environment.remove_global(name)
    return environment


@pass_state
def _written(state: Any, value: Any) -> Any:  # noqa: ANN401 - MiniJinja's state, and whatever the data holds
    """A value as it is written into a text; the text may not grow beyond its cap meanwhile."""
    if value is None:
        raise Unfit("a value is null; say what to write instead: {{ data.x or 'none' }}")
    if isinstance(value, list | dict):
        raise Unfit("a list or table cannot stand in a text; `join` makes a text of a list")
    told = ("false", "true")[value] if isinstance(value, bool) else value
    if isinstance(value, float) and value.is_integer():
        told = int(value)
    size = state.get_temp("size", 0) + len(str(told))
    if size > LONGEST_TEXT:
        raise Unfit(f"has more than {LONGEST_TEXT} characters")
    state.set_temp("size", size)
    return told


def _why(error: Exception) -> str:
    if not isinstance(error, minijinja.TemplateError):
        return str(error)
    if error.kind == "UndefinedError":
        return f"{error.detail or 'a value'}: the trigger does not have it"
    return "takes too many steps" if error.kind == "OutOfFuel" else f"{error.message}"
