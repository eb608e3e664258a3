"""The client's requests against HubSpot's own OpenAPI files, from the folder that HUBSPOT_OPENAPI names."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from campaigns.hubspot import wire
from campaigns.hubspot.types import ItemFields
from campaigns.hubspot.wire import Request, prefix_of

FOLDER = os.environ.get("HUBSPOT_OPENAPI")
FILES = sorted(Path(FOLDER).glob("hubspot-campaigns-*.json")) if FOLDER else []
pytestmark = pytest.mark.skipif(not FILES, reason="HUBSPOT_OPENAPI names no folder of HubSpot's OpenAPI files")

ITEM = ItemFields("Print", 1.5, 0, "500 copies")
BETA_ONLY = {"asset.types"}
LEFT_OUT = re.compile("/clone")
"""Cloning is the beta's alone, and nothing here clones."""

REQUESTS: list[Request[object]] = [
    wire.create({"hs_name": "Launch"}),
    wire.read("guid", ["hs_name"], start_date="2026-01-01", end_date="2026-02-01"),
    wire.find(name="Launch", sort="-createdAt", limit=100, after="Mg==", properties=["hs_name"]),
    wire.update("guid", {"hs_notes": ""}),
    wire.delete("guid"),
    wire.create_many([{"hs_name": "Launch"}]),
    wire.read_many(["guid"], ["hs_name"], start_date="2026-01-01", end_date="2026-02-01"),
    wire.update_many({"guid": {"hs_notes": ""}}),
    wire.archive_many(["guid"]),
    wire.assets_page("guid", "FORM", limit=10, after="MTI=", start_date="2026-01-01", end_date="2026-02-01"),
    wire.attach("guid", "FORM", "7"),
    wire.detach("guid", "FORM", "7"),
    wire.asset_types(),
    wire.add_item("guid", "budget", ITEM),
    wire.read_item("guid", "budget", "12"),
    wire.replace_item("guid", "budget", "12", ITEM),
    wire.remove_item("guid", "budget", "12"),
    wire.add_item("guid", "spend", ITEM),
    wire.read_item("guid", "spend", "12"),
    wire.replace_item("guid", "spend", "12", ITEM),
    wire.remove_item("guid", "spend", "12"),
    wire.totals("guid"),
    wire.metrics("guid", start_date="2026-01-01", end_date="2026-02-01"),
    wire.revenue("guid", start_date="2026-01-01", end_date="2026-02-01"),
    wire.contacts_page(
        "guid", "influencedContacts", start_date="2026-01-01", end_date="2026-02-01", limit=10, after="MTI="
    ),
]


def specification(file: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(file.read_text())
    return told


def version_of(file: Path) -> str:
    return file.stem.removeprefix("hubspot-campaigns-")


def operations(told: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Method and path -> operation."""
    return {
        (method.upper(), path): operation
        for path, methods in told["paths"].items()
        for method, operation in methods.items()
        if not LEFT_OUT.search(path)
    }


def operation_of(request: Request[object], told: dict[str, Any], version: str) -> tuple[str, str]:
    """The operation that a request is; a static path wins over one with parameters."""
    path = prefix_of(version) + request.path
    found = [
        template
        for method, template in operations(told)
        if method == request.method and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path)
    ]
    return request.method, min(found, key=lambda template: template.count("{"))


def asked_in(version: str) -> list[Request[object]]:
    return [one for one in REQUESTS if version.endswith("beta") or one.operation not in BETA_ONLY]


@pytest.mark.parametrize("file", FILES, ids=version_of)
def test_every_operation_of_a_version_has_its_request(file: Path) -> None:
    told, version = specification(file), version_of(file)
    asked = [operation_of(request, told, version) for request in asked_in(version)]
    assert sorted(asked) == sorted(operations(told))
    assert len(asked) == (25 if version.endswith("beta") else 24)


@pytest.mark.parametrize("file", FILES, ids=version_of)
def test_no_request_asks_what_an_operation_does_not_know(file: Path) -> None:
    told, version = specification(file), version_of(file)
    for request in asked_in(version):
        operation = operations(told)[operation_of(request, told, version)]
        known = {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"}
        assert {name for name, _ in request.query} <= known, request.operation


def test_a_request_uses_every_parameter_that_an_operation_knows() -> None:
    """So that what HubSpot can be asked, this client can ask."""
    (file,) = (file for file in FILES if version_of(file) == "2026-03")
    told = specification(file)
    for request in asked_in("2026-03"):
        operation = operations(told)[operation_of(request, told, "2026-03")]
        known = {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"}
        assert {name for name, _ in request.query} == known, request.operation


@pytest.mark.parametrize("file", FILES, ids=version_of)
def test_every_body_has_what_its_schema_requires_and_nothing_else(file: Path) -> None:
    told, version = specification(file), version_of(file)
    for request in asked_in(version):
        operation = operations(told)[operation_of(request, told, version)]
        described = operation.get("requestBody")
        assert (request.body is not None) == (described is not None), request.operation
        if request.body is not None and described is not None:
            _check(json.loads(request.body), described["content"]["application/json"]["schema"], told)


def _check(value: Any, schema: dict[str, Any], told: dict[str, Any]) -> None:  # noqa: ANN401  JSON is any
    """Compare a value with a schema as far as these files go: references, required names, arrays, plain types."""
    if "$ref" in schema:
        schema = told["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    match schema["type"]:
        case "object" if "properties" in schema:
            assert set(schema.get("required", [])) <= value.keys() <= schema["properties"].keys()
            for name, part in value.items():
                _check(part, schema["properties"][name], told)
        case "object":
            for part in value.values():
                _check(part, schema["additionalProperties"], told)
        case "array":
            for part in value:
                _check(part, schema["items"], told)
        case plain:
            assert isinstance(value, {"string": str, "number": float, "integer": int}[plain])
