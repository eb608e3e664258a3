"""schemathesis asks the simulator whatever HubSpot's OpenAPI files allow, and more; the files judge every answer.

How strictly they are read is `sharpened.py`. The folder of the files is the one that HUBSPOT_OPENAPI names.
"""

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import APIOperation, Case, GenerationMode, Response
from schemathesis.config import GenerationConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    negative_data_rejection,
    unsupported_method,
)

from simulator.switches import Switches
from simulator.world import Beginning
from tests.contract.in_process import Scene
from tests.contract.sharpened import Known, sharpened

FOLDER = os.environ.get("HUBSPOT_OPENAPI")
FILES = {
    file.stem.removeprefix("hubspot-campaigns-"): file
    for file in sorted(Path(FOLDER).glob("hubspot-campaigns-*.json") if FOLDER else [])
}
AnyCase = Case[Any]
AnyOperation = APIOperation[Any, Any, Any, Any]
pytestmark = pytest.mark.skipif(not FILES, reason="HUBSPOT_OPENAPI names no folder of HubSpot's OpenAPI files")

OPERATIONS = [
    (version, method.upper(), path)
    for version, file in FILES.items()
    for path, methods in json.loads(file.read_text())["paths"].items()
    for method in methods
]

NOT_CHECKED: Final = [
    # A delete is 204 whatever it names; "" clears a property, and an empty parameter is none; a bad item of a batch is a
    # 207 and no 400. What must be refused is in HubSpot's prose and in tests/contract/test_simulator_*.py.
    negative_data_rejection,
    # The files say nothing about methods that they do not name: here they are 405, without a list of the others.
    unsupported_method,
    allow_header_conformance,
]

# The recorded shape of an item's error contradicts the files (test_simulator_schemas.py says in what): here, as specified.
AS_SPECIFIED: Final = Beginning(switches=Switches(batch_error="as specified", batch_extras="present"))
TOKEN: Final = {"Authorization": "Bearer pat-test"}
ITEM: Final = {"name": "TV", "amount": 2.5, "order": 0, "description": "spots"}
CLONE_FLAGS: Final = ("DraftNodes", "Edges", "StickyNotes", "Tasks", "TrackingUrls")


class Portal:
    """A simulator in which one campaign stands, with assets, items and a clone; the same before every case."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._scene = Scene(AS_SPECIFIED)
        self._operations: dict[str, dict[tuple[str, str], AnyOperation]] = {}
        self._app: Any = self._scene.app
        self.known = self.begin()

    def begin(self) -> Known:
        """Put everything back as it was; ids are drawn from the seed, so they are the same again."""
        return self._runner.run(self._begun())

    async def _begun(self) -> Known:
        scene = self._scene
        await scene.control("POST", "reset")
        campaign = await scene.create("Launch", hs_notes="n")
        for asset in ("1", "2"):
            await scene.ask("PUT", f"/{campaign}/assets/FORM/{asset}")
        budget, spend = [(await scene.ask("POST", f"/{campaign}/{kind}", ITEM)).json() for kind in ("budget", "spend")]
        body = {"sourceCampaignGuid": campaign, "name": "Copy", "assetsToClone": {"FORM": ["1"]}}
        flags = {f"shouldClone{flag}": True for flag in CLONE_FLAGS}
        clone = (await scene.ask("POST", "/clone", body | flags, version="2026-09-beta")).json()["campaignGuid"]
        return Known(campaign, clone, int(budget["id"]), int(spend["id"]))

    def operation(self, version: str, method: str, path: str) -> AnyOperation:
        """One operation of a version, as the sharpened file describes it."""
        if version not in self._operations:
            config = schemathesis.Config(seed=0)
            schema = schemathesis.openapi.from_dict(sharpened(FILES[version], self.known), config=config)
            found = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
            self._operations[version] = {(one.method.upper(), one.path): one for one in found}
        return self._operations[version][method, path]

    def asked(self, case: AnyCase) -> Response:
        """What the simulator answers, the portal being as in the beginning."""
        if case.method != "GET":
            assert self.begin() == self.known
        self._scene.now += 1  # the window of ten seconds is not the subject
        return case.call(headers=TOKEN, app=self._app)

    def judge(self, case: AnyCase, response: Response) -> None:
        """Let the file judge an answer.

        Raises:
            FailureGroup: it is none of those that the file names.
            AssertionError: it is no success, although the request is valid.

        """
        again = {"app": self._app}
        case.validate_response(response, excluded_checks=NOT_CHECKED, headers=TOKEN, transport_kwargs=again)
        valid = case.meta is not None and case.meta.generation.mode.is_positive
        assert response.status_code < 300 or not valid, f"refused: {case.as_curl_command()}\n{response.text}"

    def meets(self, case: AnyCase) -> int:
        """Ask and judge; the status."""
        response = self.asked(case)
        self.judge(case, response)
        return response.status_code


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    with asyncio.Runner() as runner:
        yield Portal(runner)


# v3, 2025-09 and 2026-09 differ from these in names and in how a batch fails; the next test has all five.
AT_ONCE: Final = ("2026-03", "2026-09-beta")


@pytest.mark.parametrize(
    ("version", "method", "path"),
    [pytest.param(*one, marks=[] if one[0] in AT_ONCE else pytest.mark.slow) for one in OPERATIONS],
)
def test_at_every_limit_the_answer_is_one_that_the_file_names(
    portal: Portal, version: str, method: str, path: str
) -> None:
    """Each limit of each part of a request in turn, from both sides; the same each time."""
    operation = portal.operation(version, method, path)
    cases = operation.schema.iter_coverage_cases(
        operation, generation_modes=list(GenerationMode), generation_config=GenerationConfig()
    )
    statuses = [portal.meets(case) for case in cases if case.method == method]
    assert any(status < 300 for status in statuses)


def generated(operation: AnyOperation, meets: Callable[[AnyCase], object], *, examples: int) -> None:
    """Let an operation meet so many valid requests, and as many that are not, if there is anything to get wrong."""
    something = operation.path_parameters or operation.query or operation.body
    for mode in GenerationMode if something else [GenerationMode.POSITIVE]:
        cases: SearchStrategy[AnyCase] = operation.as_strategy(generation_mode=mode)
        steady = settings(
            max_examples=examples,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )

        @steady
        @given(cases)
        def meet(case: AnyCase) -> None:
            meets(case)

        meet()


@pytest.mark.parametrize(("version", "method", "path"), OPERATIONS)
def test_whatever_is_asked_the_answer_is_one_that_the_file_names(
    portal: Portal, version: str, method: str, path: str
) -> None:
    generated(portal.operation(version, method, path), portal.meets, examples=5)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("version", "method", "path"), OPERATIONS)
def test_whatever_is_asked_at_length_the_answer_is_one_that_the_file_names(
    portal: Portal, version: str, method: str, path: str
) -> None:
    generated(portal.operation(version, method, path), portal.meets, examples=100)


# --- the judge himself ---

Told = dict[str, Any]
Spoil = Callable[[int, Told], tuple[int, Told]]

SPOILT: dict[str, tuple[str, Spoil]] = {
    "a member that is not specified": ("GET", lambda status, body: (status, body | {"more": 1})),
    "a member that is missing": ("GET", lambda status, body: (status, {"id": body["id"]})),
    "a time that is none": ("GET", lambda status, body: (status, body | {"createdAt": "yesterday"})),
    "a number in place of a text": ("PATCH", lambda status, body: (status, body | {"id": 7})),
    "a success that is not named": ("PATCH", lambda _, body: (202, body)),
    "an error without a correlation id": ("PATCH", lambda _, __: (400, {"message": "No.", "category": "C"})),
    "an error of the server": ("GET", lambda _, __: (500, {})),
    "a refusal of what is valid": (
        "GET",
        lambda _, body: (404, {"message": "No.", "category": "C", "correlationId": body["id"]}),
    ),
}


@pytest.mark.parametrize(("method", "spoil"), SPOILT.values(), ids=SPOILT)
def test_what_no_answer_may_be_is_found(portal: Portal, method: str, spoil: Spoil) -> None:
    """A judge who has never objected has proved nothing."""
    operation = portal.operation("2026-03", method, "/marketing/campaigns/2026-03/{campaignGuid}")

    def meets(case: AnyCase) -> None:
        told = portal.asked(case)
        status, body = spoil(told.status_code, told.json())
        content = json.dumps(body).encode()
        portal.judge(case, Response(status, told.headers, content, told.request, told.elapsed, told.verify))

    with pytest.raises((AssertionError, FailureGroup)):
        generated(operation, meets, examples=2)
