"""The pages tell of the bench what is in `bench/results/`, and nothing else."""

from bench import headline


def test_texts_pictures_and_pages_are_those_of_what_was_saved() -> None:
    wanted = headline.written(headline.saved())
    others = [path.name for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    assert others == [], "run `python -m bench.headline`"


def test_everything_that_is_saved_is_told() -> None:
    assert {path.stem for path in headline.RESULTS.glob("*.json")} <= set(headline.ORDER)
