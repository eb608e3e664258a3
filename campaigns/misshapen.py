"""What msgspec says is wrong with a value, and what it leaves out: which words can stand there, and whose value it is.

Pure.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, TypeGuard, get_args, get_origin

import msgspec

_PLACE: Final = re.compile(r" - at `\$([^`]+)`$")
_NAME: Final = re.compile(r"\.(\w+)")
_ONE_OF_MANY: Final = re.compile(r"\.(\w+)\[\.\.\.\]")


def why(error: Exception, shape: type[msgspec.Struct], value: Mapping[str, Any] | None = None) -> str:
    """What *error* says, in words that tell what to write instead.

    Args:
        error: what reading raised; one that names no place in *shape* keeps its words.
        shape: what it was read as.
        value: what was read, where that can hold entries of any name: msgspec does not say which of them is wrong.

    """
    said = str(error)
    place = _PLACE.search(said)
    if place is None:
        return said
    types = list(_types_at(shape, place[1]))
    described = next((one.description for one in types if isinstance(one, msgspec.Meta) and one.description), None)
    if described:
        return f"Expected {described}{place[0]}"
    words = [str(word) for one in types if get_origin(one) is Literal for word in get_args(one)]
    if words and said.startswith("Invalid enum value"):
        return f"{said}; it is {' or '.join(filter(None, (', '.join(words[:-1]), words[-1])))}"
    return said if value is None else _naming(said, shape, value)


def _types_at(shape: type[msgspec.Struct], place: str) -> Iterator[object]:
    """All that the type of a *place* such as `.assets[0].type` is made of."""
    found: list[object] = [shape]
    for name in _NAME.findall(place):
        fields = (field for one in found if _is_struct(one) for field in msgspec.structs.fields(one))
        found = [part for field in fields if field.encode_name == name for part in _parts(field.type)]
    yield from found


def _is_struct(one: object) -> TypeGuard[type[msgspec.Struct]]:
    return isinstance(one, type) and issubclass(one, msgspec.Struct)


def _parts(told: object) -> Iterator[object]:
    yield told
    for inner in () if get_origin(told) is Literal else get_args(told):
        yield from _parts(inner)


def _naming(said: str, shape: type[msgspec.Struct], value: Mapping[str, Any]) -> str:
    found = _ONE_OF_MANY.search(said)
    field = next((one for one in msgspec.structs.fields(shape) if found and one.encode_name == found[1]), None)
    if found is None or field is None:
        return said
    for name, one in value[found[1]].items():
        try:
            msgspec.convert({name: one}, field.type)
        except msgspec.ValidationError:
            return said.replace(found[0], f".{found[1]}.{name}", 1)
    return said
