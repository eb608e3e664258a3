import pytest

from campaigns.errors import Forbidden, NotFound
from campaigns.model import Stored
from service.auth import Caller, Callers
from service.problems import Malformed
from service.queries import read, whose
from service.runs import Filters, visible, wanted
from tests.builders import a_run
from tests.settings import API_KEYS, some_settings

CALLERS = Callers.of(some_settings("unix:///nowhere"))
RUN = Stored(a_run("k-1", subject="sku-1"), "line", version=1, accepted=0)


def caller(name: str) -> Caller:
    return CALLERS.asking([(b"authorization", f"Bearer {API_KEYS[name]}".encode())])


def test_a_query_is_read_with_its_defaults() -> None:
    assert read(b"", Filters) == Filters()
    assert read(b"status=held&subject=sku%201&after=7&limit=200", Filters) == Filters(
        status="held", subject="sku 1", after=7, limit=200
    )


@pytest.mark.parametrize(
    "query",
    [
        b"status=odd",
        b"limit=0",
        b"limit=201",
        b"limit=ten",
        b"after=-1",
        b"colour=red",
        b"limit=1&limit=2",
        b"a",
        b"\xff=1",
    ],
)
def test_a_query_that_cannot_be_understood_is_refused(query: bytes) -> None:
    with pytest.raises(Malformed):
        read(query, Filters)


def test_a_status_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(Malformed, match=r"'complete' - at `\$\.status`; it is held, waiting, running, done, partial,"):
        read(b"status=complete", Filters)


def test_a_run_is_seen_by_its_caller_and_by_an_admin_and_is_not_there_for_others() -> None:
    assert visible(RUN, caller("shop")) is RUN
    assert visible(RUN, caller("office")) is RUN
    with pytest.raises(NotFound):
        visible(RUN, caller("events"))


def test_a_page_is_of_the_callers_own_runs_unless_an_admin_names_another() -> None:
    assert whose(None, caller("shop")) == "shop"
    assert whose("shop", caller("shop")) == "shop"
    assert whose("shop", caller("office")) == "shop"
    with pytest.raises(Forbidden):
        whose("shop", caller("events"))


@pytest.mark.parametrize(
    ("filters", "passes"),
    [
        (Filters(), True),
        (Filters(status="waiting", portal="acme", subject="sku-1"), True),
        (Filters(status="done"), False),
        (Filters(portal="other"), False),
        (Filters(subject="sku-2"), False),
    ],
)
def test_a_run_passes_what_is_true_of_it(filters: Filters, *, passes: bool) -> None:
    assert wanted(filters)(RUN) is passes
