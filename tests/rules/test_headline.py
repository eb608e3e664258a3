"""The README tells of the bench what is in `bench/results/`, and nothing else."""

from bench import headline, results


def test_the_readmes_table_is_that_of_the_saved_results() -> None:
    readme = headline.README.read_text()
    assert readme == headline.with_table(readme, headline.saved()), "run `python -m bench.headline`"


def test_the_texts_and_pictures_are_those_of_the_saved_results() -> None:
    for report in headline.saved():
        assert (headline.RESULTS / f"{report.name}.txt").read_text() == results.text(report)
        assert (headline.RESULTS / f"{report.name}.svg").read_text() == results.picture(report)


def test_everything_that_is_saved_has_its_place_in_the_readme() -> None:
    assert {path.stem for path in headline.RESULTS.glob("*")} <= set(headline.ORDER)
