"""The pages tell of the bench what is in `bench/results/`, and nothing else."""

from bench import headline
from bench.__main__ import LONG


def test_texts_pictures_and_pages_are_those_of_what_was_saved() -> None:
    wanted = headline.written(headline.saved())
    others = [path.name for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    assert others == [], "run `python -m bench.headline`"


def test_everything_that_may_be_saved_is_told() -> None:
    assert {"bench", *LONG} == set(headline.ORDER)
