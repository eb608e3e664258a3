"""The simulator against the types of HubSpot's SDK, under every version: a contract that needs no file of HubSpot's.

The SDK in the test's own process: arguments are drawn for each of its methods, and it is strict about answers.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from operator import attrgetter
from typing import Any, Final, get_args

import httpx
import pytest
from hubspot_sdk import APIStatusError, AsyncHubSpot
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.hubspot.asset_types import ASSET_TYPES
from campaigns.hubspot.properties import READ_ONLY, STATUSES
from campaigns.hubspot.wire import AttributionModel, ContactType
from simulator.versions import VERSIONS
from tests.contract.in_process import LATEST, InProcess, Scene, a_scene
from tests.contract.sharpened import Known
from tests.contract.typed import FORGOTTEN, untyped

METHODS: Final = [
    *("create", "get", "list", "update", "delete"),
    *("batch.create", "batch.get", "batch.update", "batch.delete"),
    *("assets.list", "assets.update", "assets.delete"),
    *("budget.create", "budget.get", "budget.get_totals", "budget.update", "budget.delete"),
    *("spend.create", "spend.get", "spend.update", "spend.delete"),
    *("metrics.get_attribution_metrics", "metrics.get_revenue_attribution", "metrics.list_contact_ids_by_type"),
]
OF_THE_SDK: Final = {"extra_headers", "extra_query", "extra_body", "timeout"}

Arguments = dict[str, Any]
steady = settings(max_examples=15, derandomize=True, database=None, deadline=None)


class Under(httpx.AsyncBaseTransport):
    """Takes what is asked of the SDK's version to another; their types are the same."""

    def __init__(self, scene: Scene, version: str) -> None:
        self._inner = InProcess(scene.app)
        self._prefix = VERSIONS[version].prefix

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Hand the request on with the other version's prefix."""
        path = request.url.raw_path.decode().replace(VERSIONS[LATEST].prefix, self._prefix, 1)
        request.url = request.url.copy_with(raw_path=path.encode())
        return await self._inner.handle_async_request(request)


class Method:
    """One method of a strict SDK that does not try again, with the answers that it has had."""

    def __init__(self, scene: Scene, version: str, name: str) -> None:
        self.answers: list[httpx.Response] = []
        sdk = AsyncHubSpot(
            access_token="pat-test",
            base_url="http://hubspot.test",
            http_client=httpx.AsyncClient(transport=Under(scene, version), event_hooks={"response": [self._keep]}),
            max_retries=0,
            _strict_response_validation=True,
        )
        self.call: Callable[..., Any] = attrgetter(name)(sdk.marketing.campaigns)

    async def _keep(self, answer: httpx.Response) -> None:
        self.answers.append(answer)


async def begun(scene: Scene) -> Known:
    """One campaign with an asset and items; the ids are the same each time."""
    campaign = await scene.create("Launch", hs_notes="n")
    await scene.ask("PUT", f"/{campaign}/assets/FORM/7")
    item = {"name": "TV", "amount": 2.5, "order": 0}
    budget, spend = [(await scene.ask("POST", f"/{campaign}/{kind}", item)).json() for kind in ("budget", "spend")]
    return Known(campaign, "", int(budget["id"]), int(spend["id"]))


# --- arguments that are valid ---

texts = st.text(st.characters(codec="utf-8"), max_size=20)
days = st.dates().map(str)
properties = st.fixed_dictionaries(
    {"hs_name": texts.map(lambda text: f"Launch {text}")},
    optional={
        "hs_start_date": days,
        "hs_end_date": days | st.just(""),
        "hs_notes": texts,
        "hs_currency_code": st.sampled_from(["EUR", "JPY"]),
        "hs_campaign_status": st.sampled_from(sorted(STATUSES)),
        "hs_goal": texts,
    },
)


def valid(method: str, at: Known) -> Mapping[str, st.SearchStrategy[Any]]:
    """What each argument may be so that HubSpot must take it."""
    sends_properties = method in {"create", "update"}
    campaign = st.just(at.campaign)
    inputs = {
        "batch.create": st.fixed_dictionaries({"properties": properties}),
        "batch.update": st.fixed_dictionaries({"id": campaign, "properties": properties}),
    }.get(method, st.fixed_dictionaries({"id": campaign}))
    limits = st.integers(1, 100)
    return {
        "campaign_guid": campaign,
        "budget_id": st.just(at.budget),
        "spend_id": st.just(at.spend),
        "asset_id": st.integers(0, 10**12).map(str),
        "asset_type": st.sampled_from(sorted(ASSET_TYPES)),
        "contact_type": st.sampled_from(get_args(ContactType)),
        "attribution_model": st.sampled_from(get_args(AttributionModel)),
        "properties": properties if sends_properties else st.lists(st.sampled_from(["hs_name", *sorted(READ_ONLY)])),
        "inputs": st.lists(inputs, max_size=5),
        "after": st.sampled_from(["MA==", "NTI1Cg=="]),
        "limit": limits.map(str) if method == "assets.list" else limits,
        "sort": st.sampled_from(["hs_name", "-createdAt", "updatedAt"]),
        "start_date": days,
        "end_date": days,
        "name": texts,
        "description": texts,
        "amount": st.floats(-1e15, 1e15),
        "order": st.integers(-(2**31), 2**31 - 1),
    }


# --- arguments that only have the right type ---


def typed(annotation: str) -> st.SearchStrategy[Any]:
    """Anything of the type that the SDK gives to an argument."""
    # The SDK refuses the empty and the dots itself; what a slash in a segment means, every gateway decides for itself.
    segments = texts.filter(lambda text: text not in {"", ".", ".."} and "/" not in text)
    match annotation.removesuffix(" | Omit"):
        case "str":
            return segments | texts if annotation.endswith("Omit") else segments
        case "int":
            return st.integers(-(2**63), 2**63 - 1)
        case "float":
            return st.floats(allow_nan=False, allow_infinity=False)
        case "Dict[str, str]":
            return st.dictionaries(st.sampled_from(["hs_name", "hs_start_date", "hs_owner"]) | texts, texts)
        case "SequenceNotStr[str]":
            return st.lists(texts, max_size=5)
        case inputs if inputs.startswith("Iterable["):
            one = st.fixed_dictionaries({"id": texts, "properties": st.dictionaries(texts, texts, max_size=3)})
            return st.lists(one, max_size=52)
        case other:
            raise AssertionError(other)


@st.composite
def arguments(
    draw: st.DrawFn, method: Callable[..., Any], of: Callable[[str, str], st.SearchStrategy[Any]]
) -> Arguments:
    """All that a method requires and some of what it allows; *of* gives the values for a name and a type."""
    drawn: Arguments = {}
    for name, parameter in inspect.signature(method).parameters.items():
        required = parameter.default is inspect.Parameter.empty
        if name not in OF_THE_SDK and (required or draw(st.booleans())):
            drawn[name] = draw(of(name, parameter.annotation))
    return drawn


@pytest.mark.parametrize("name", METHODS)
@steady
@given(data=st.data(), version=st.sampled_from(sorted(VERSIONS)))
async def test_what_is_valid_is_answered_in_the_methods_own_type(name: str, data: st.DataObject, version: str) -> None:
    async with a_scene() as scene:
        at, method = await begun(scene), Method(scene, version, name)
        drawn = data.draw(arguments(method.call, lambda argument, _: valid(name, at)[argument]))
        told = await method.call(**drawn)
    assert untyped(told, method.answers[-1]) <= FORGOTTEN


@pytest.mark.parametrize("name", METHODS)
@steady
@given(data=st.data(), version=st.sampled_from(sorted(VERSIONS)))
async def test_whatever_is_sent_the_answer_is_of_the_methods_type_or_an_error(
    name: str, data: st.DataObject, version: str
) -> None:
    """Each argument is either valid or anything of its type; a part of a batch may fail."""
    async with a_scene() as scene:
        at, method = await begun(scene), Method(scene, version, name)
        drawn = data.draw(arguments(method.call, lambda argument, kind: valid(name, at)[argument] | typed(kind)))
        told = await come_of(method.call(**drawn))
    if isinstance(told, APIStatusError):
        body: Any = told.body
        assert 400 <= told.status_code < 500
        assert {"status", "message", "correlationId"} <= set(body)
    else:
        assert untyped(told, method.answers[-1]) <= FORGOTTEN | {"errors", "numErrors"}


async def come_of(call: Awaitable[object]) -> object:
    """What a call answers, or the error that it was refused with."""
    try:
        return await call
    except APIStatusError as error:
        return error
