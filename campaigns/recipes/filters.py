"""What templates can do with a value: a few filters that cannot grow a text without end. Pure."""

import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Final

from campaigns.recipes.days import as_date
from campaigns.recipes.unfit import Unfit, shown

MOST_JOINED: Final = 1_000
LONGEST_JOINED: Final = 10_000
_NO_MINOR_UNIT: Final = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"}
)
_THREE_DECIMALS: Final = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
"""ISO 4217: how many digits of a currency come after the point, where it is not two."""


def as_slug(value: object) -> str:
    """Small letters and digits with hyphens between, for links and UTM tags; accents are dropped."""
    text = unicodedata.normalize("NFKD", str(value)).casefold()
    plain = "".join(letter for letter in text if not unicodedata.combining(letter))
    return "-".join(re.findall(r"[^\W_]+", plain))


def number(value: object) -> Decimal:
    """The number that *value* is or writes.

    Raises:
        Unfit: it is none, or infinite.

    """
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation as error:
        raise Unfit(f"{shown(value)} is not a number") from error
    if isinstance(value, bool) or not found.is_finite() or abs(found) > 10**15:  # no campaign costs more
        raise Unfit(f"{shown(value)} is not a number that can be an amount")
    return found


def as_currency(value: object, code: str = "") -> str:
    """An amount with its currency's digits (ISO 4217): 1234.5 is `1,234.50 EUR`, without a code `1234.50`."""
    digits = 0 if code in _NO_MINOR_UNIT else 3 if code in _THREE_DECIMALS else 2
    rounded = number(value).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    return f"{rounded:,f} {code}" if code else f"{rounded:f}"


def times(value: object, factor: object) -> float:
    """*value* times *factor*, such as a tenth of a price."""
    return float(number(value) * number(factor))


def join(values: object, between: str = "") -> str:
    """The texts of a list, with *between* between them."""
    listed = list(values) if isinstance(values, Sequence) and not isinstance(values, str) else None
    if listed is None or len(listed) > MOST_JOINED:
        raise Unfit(f"`join` needs a list of at most {MOST_JOINED} values, not {shown(values)}")
    if sum(len(str(one)) + len(between) for one in listed) > LONGEST_JOINED:
        raise Unfit(f"`join` would make a text of more than {LONGEST_JOINED} characters")
    return between.join(map(str, listed))


def replace(value: object, old: str, new: str) -> str:
    """*value* with every *old* made *new*."""
    text = str(value)
    if not old or len(text) + text.count(old) * len(new) > 10 * LONGEST_JOINED:
        raise Unfit("`replace` needs a text to look for, and may not grow the text without end")
    return text.replace(old, new)


def rounded(value: object, digits: int = 0) -> float | int:
    """*value* with so many digits after the point, a half away from zero."""
    if not isinstance(digits, int) or not 0 <= digits <= 9:  # noqa: PLR2004
        raise Unfit("`round` takes 0 to 9 digits")
    found = number(value).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    return float(found) if digits else math.trunc(found)


OURS: Final[dict[str, Callable[..., Any]]] = {
    "date": as_date,
    "slug": as_slug,
    "currency": as_currency,
    "times": times,
    "join": join,
    "replace": replace,
    "round": rounded,
}

KEPT: Final = frozenset(
    {
        "default",
        "d",
        "upper",
        "lower",
        "title",
        "capitalize",
        "trim",
        "length",
        "count",
        "first",
        "last",
        "int",
        "float",
        "string",
        "abs",
        "urlencode",
    }
)
"""MiniJinja's own filters that a recipe may use: none makes a text longer than a few times what it is given."""

REMOVED: Final = frozenset(
    {
        "attr",
        "batch",
        "bool",
        "chain",
        "dictsort",
        "e",
        "escape",
        "format",
        "groupby",
        "indent",
        "items",
        "lines",
        "list",
        "map",
        "max",
        "min",
    }
    | {
        "pprint",
        "reject",
        "rejectattr",
        "reverse",
        "safe",
        "select",
        "selectattr",
        "slice",
        "sort",
        "split",
        "sum",
        "tojson",
        "unique",
        "zip",
    }
)
"""The others: some can grow a text or a list without end."""
