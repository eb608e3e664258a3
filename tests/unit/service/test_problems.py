import re
from pathlib import Path
from typing import Any

import pytest
from litestar import Request
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException

from campaigns import errors
from service.problems import BY_ERROR, DETAILS, INTERNAL, KINDS, Malformed, answer, kind_of

PAGE = Path("docs/problems.md")
ROW = re.compile(r"^\| (\d{3}) \| `([a-z-]+)` \| ([^|]+) \|", re.MULTILINE)


def test_the_page_lists_every_kind_of_problem_and_no_other() -> None:
    listed = {(int(status), slug, title) for status, slug, title in ROW.findall(PAGE.read_text())}
    assert listed == {(kind.status, kind.slug, kind.title) for kind in KINDS}


def test_no_two_kinds_have_the_same_slug() -> None:
    assert len({kind.slug for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize(
    ("error", "slug"),
    [
        (Malformed("no JSON"), "malformed"),
        (errors.Invalid("no name"), "invalid"),
        (NotFoundException(), "not-found"),
        (MethodNotAllowedException(), "method-not-allowed"),
        (HTTPException(status_code=418), "internal"),
        (RuntimeError("a secret"), "internal"),
        (errors.Refused("by HubSpot"), "internal"),
    ],
)
def test_the_most_special_class_of_an_error_decides(error: Exception, slug: str) -> None:
    assert kind_of(error).slug == slug


def test_a_fault_of_ours_keeps_its_words_to_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    scope: Any = {"type": "http", "path": "/v1/runs", "headers": []}
    assert b"a secret" not in answer(Request(scope), RuntimeError("a secret")).content
    assert "a secret" in capsys.readouterr().out


def test_every_error_of_ours_tells_something_without_being_told_to() -> None:
    assert all(str(error()) for error in BY_ERROR)
    assert DETAILS[INTERNAL]
