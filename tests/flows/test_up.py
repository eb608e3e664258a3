"""`fanfare up` twice: whoever comes second starts nothing, and ends nothing that is the first's."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from campaigns import embedded
from cli.demo import free_ports
from cli.programs import Programs, Trouble
from cli.trial import Trial, lay_out


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    trial = lay_out(tmp_path_factory.mktemp("first"), free_ports())
    trial.environment.pop("FANFARE_REDIS_URL", None)
    with Programs(trial):
        yield trial


def is_ready(trial: Trial) -> bool:
    url = f"http://127.0.0.1:{trial.ports.service}/readyz"
    return embedded.runs(trial.folder) and httpx.get(url, trust_env=False, timeout=5).is_success


@pytest.mark.timeout(120)
def test_a_second_one_in_the_same_folder_leaves_the_first_alone(first: Trial) -> None:
    with pytest.raises(Trouble, match="already runs in this folder"), Programs(first):
        pass
    assert is_ready(first)


@pytest.mark.timeout(120)
def test_one_whose_ports_are_taken_says_so_and_starts_nothing(first: Trial, tmp_path: Path) -> None:
    second = lay_out(tmp_path, first.ports)
    with pytest.raises(Trouble, match=f"simulator has no port: {first.ports.simulator} is taken"), Programs(second):
        pass
    assert not embedded.runs(tmp_path)
    assert is_ready(first)


@pytest.mark.timeout(120)
def test_a_folder_is_free_again_when_its_programs_have_ended(tmp_path: Path) -> None:
    trial = lay_out(tmp_path, free_ports())
    for _ in range(2):
        with Programs(trial):
            assert is_ready(trial)
