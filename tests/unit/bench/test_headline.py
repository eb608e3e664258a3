import pytest

from bench.headline import BEGINS, ENDS, with_told


def test_what_is_told_takes_the_place_of_what_was_told_before() -> None:
    page = f"above\n{BEGINS}old\n{ENDS}below\n"
    assert with_told(page, "new\n") == f"above\n{BEGINS}new\n{ENDS}below\n"
    assert with_told(with_told(page, "new\n"), "new\n") == with_told(page, "new\n")


@pytest.mark.parametrize("page", ["nothing", BEGINS, ENDS])
def test_a_page_without_its_place_is_left_alone(page: str) -> None:
    with pytest.raises(ValueError, match="no place"):
        with_told(page, "new\n")
