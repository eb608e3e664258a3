"""HubSpot's OpenAPI files as a judge of answers: as much of JSON Schema as they use, and nothing else."""

import json
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

FOLDER: Final = os.environ.get("HUBSPOT_OPENAPI")
KNOWN: Final = {
    "type", "properties", "required", "items", "additionalProperties", "enum", "format", "$ref", "description", "example",
    "x-hubspot-content-type", "title",
}  # fmt: skip
TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
LARGEST: Final = {"int32": 2**31, "int64": 2**63}

Json = Mapping[str, Any]


class OpenApi:
    """The specification of one version."""

    def __init__(self, version: str) -> None:
        assert FOLDER is not None
        self._file: Json = json.loads((Path(FOLDER) / f"hubspot-campaigns-{version}.json").read_text())

    def operations(self) -> Iterator[tuple[str, str, Json]]:
        """List method, path and description of every operation."""
        for path, methods in self._file["paths"].items():
            for method, operation in methods.items():
                yield method.upper(), path, operation

    def answer_schema(self, method: str, path: str, status: int) -> Json | None:
        """Return the schema of an answer; None: the body is empty.

        Raises:
            KeyError: the operation has no such success.
        """
        responses = self._file["paths"][path][method.lower()]["responses"]
        response = responses[str(status)] if status < 400 else responses["default"]
        response = self._resolved(response)
        content = response.get("content", {})
        return next((media["schema"] for media in content.values()), None)

    def complaints(self, value: object, schema: Json, at: str = "$") -> list[str]:
        """List where a JSON value is not what the schema says."""
        schema = self._resolved(schema)
        assert set(schema) <= KNOWN, set(schema) - KNOWN
        kind = schema.get("type")
        if kind and (not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
            return [f"{at}: {value!r} is no {kind}"]
        found = [f"{at}: {value!r} is none of the enumeration"] if value not in schema.get("enum", [value]) else []
        if isinstance(value, dict):
            found += self._of_object(value, schema, at)
        elif isinstance(value, list):
            found += [
                one
                for index, item in enumerate(value)
                for one in self.complaints(item, schema["items"], f"{at}[{index}]")
            ]
        return found + _of_format(value, schema.get("format"), at)

    def _of_object(self, value: Json, schema: Json, at: str) -> list[str]:
        properties = schema.get("properties", {})
        more = schema.get("additionalProperties")
        found = [f"{at}: {name} is missing" for name in schema.get("required", []) if name not in value]
        for name, part in value.items():
            if name in properties:
                found += self.complaints(part, properties[name], f"{at}.{name}")
            elif isinstance(more, dict):
                found += self.complaints(part, more, f"{at}.{name}")
            elif properties:
                found.append(f"{at}: {name} is not specified")
        return found

    def _resolved(self, part: Json) -> Json:
        while "$ref" in part:
            found: Any = self._file
            for name in part["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            part = found
        return part


def _of_format(value: object, wanted: str | None, at: str) -> list[str]:
    try:
        match wanted:
            case "date-time":
                datetime.fromisoformat(str(value))
            case "uuid":
                UUID(str(value))
            case "int32" | "int64":
                assert isinstance(value, int)
                assert abs(value) < LARGEST[wanted]
            case _:
                pass
    except (ValueError, AssertionError):
        return [f"{at}: {value!r} is no {wanted}"]
    return []
