"""What `keys.py` says of every key, held against the keys of a Redis: each is known, and lives as long as it should."""

from collections.abc import Iterator, Mapping
from typing import Final

from campaigns import keys

CHANNELS: Final = frozenset({"wake"})
"""They are published on, and never keys."""


def wrong(left: Mapping[str, int | None], *, bulks: set[str]) -> list[str]:
    """What is wrong with the lifetimes of keys.

    Args:
        left: milliseconds that each key has left; None when it does not end by itself.
        bulks: the ids of the bulks that are being worked off. What is told of one has no end before the bulk has.

    """
    still_open = {keys.PREFIXES["verb"] + bulk for bulk in bulks}
    return [told for key, span in left.items() for told in _wrong(key, span, still_open)]


def _wrong(key: str, left: int | None, still_open: set[str]) -> Iterator[str]:
    name = name_of(key)
    if name is None or name in CHANNELS:
        yield f"{key} is not in keys.py"
    elif name in keys.PERMANENT and left is not None:
        yield f"{key} would be forgotten"
    elif name in keys.PERISHABLE and left is None and key not in still_open:
        yield f"{key} would stay for ever"


def name_of(key: str) -> str | None:
    """What `keys.PREFIXES` calls a key; None when it knows none."""
    names = (name for name, prefix in keys.PREFIXES.items() if key == prefix or _is_one_of(key, prefix))
    return next(names, None)


def _is_one_of(key: str, prefix: str) -> bool:
    return prefix.endswith(":") and key.startswith(prefix)
