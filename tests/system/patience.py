"""Waiting for what happens in containers, where nothing announces it."""

import time
from collections.abc import Callable
from typing import TypeVar

from tests.system.containers import Container

T = TypeVar("T")


def waited(question: Callable[[], T], enough: Callable[[T], bool]) -> T:
    """The first answer that is enough; at most a minute is waited for it."""
    until = time.monotonic() + 60
    while not enough(answer := question()):
        assert time.monotonic() < until, answer
    return answer


def until_answers(container: Container, url: str) -> None:
    """Wait until *url*, asked from inside *container*, answers well."""
    waited(lambda: (*container.ask("GET", url), container.log()), lambda answer: answer[0] == 200)
