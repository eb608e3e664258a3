"""What earlier releases have stored, in their forms: read here and nowhere else, and never written. Pure.

Every run and subject is written in today's form when it next changes. What is here may go once nothing older is left:
ended runs after their retention, subjects 400 days after their last run (`keys.SUBJECT`).
"""

import zlib
from collections.abc import Mapping
from typing import Final

import msgspec

from campaigns.model import Subject

FORMAT: Final = b"1"
"""Of a folded run until the dictionary of `packing` came."""

PROPERTY: Final = "p:"
"""Began the fields of a subject's hash that told which run last set a property."""


def unpacked(value: bytes) -> bytes:
    """What was folded in the former format."""
    return zlib.decompress(value.removeprefix(FORMAT))


def subject(fields: Mapping[str, bytes], known: Subject) -> Subject:
    """What a subject's hash tells in fields of their own, besides what is *known* of it from `records.KEPT`.

    An old process that goes on beside new ones during an upgrade writes such fields, and what is newer counts.
    """
    told = {name.removeprefix(PROPERTY): of.decode() for name, of in fields.items() if name.startswith(PROPERTY)}
    newer = {name: order for name, order in told.items() if order > known.orders.get(name, "")}
    known = msgspec.structs.replace(
        known,
        marker=fields.get("marker", b"").decode() or known.marker,
        orders=known.orders | newer,
        values={name: value for name, value in known.values.items() if name not in newer},
        archived=max(fields.get("archived", b"").decode(), known.archived),
    )
    assets = fields.get("assets", b"").decode()
    if assets <= known.assets:
        return known
    wanted, gone = (_assets(fields.get(name, b"[]")) for name in ("wanted", "gone"))
    return msgspec.structs.replace(known, assets=assets, wanted=wanted, gone=gone)


def _assets(told: bytes) -> tuple[tuple[str, str], ...]:
    return msgspec.json.decode(told, type=tuple[tuple[str, str], ...])
