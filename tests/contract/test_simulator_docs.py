from pathlib import Path
from typing import get_args

from simulator.faults import Kind
from simulator.switches import TABLE

PAGE = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text()


def test_the_page_lists_every_switch_with_its_answers_and_what_it_stands_for() -> None:
    rows = [
        f"| `{name}` | **{switch.answers[0]}**, {', '.join(switch.answers[1:])} | {switch.stands_for} |"
        for name, switch in TABLE.items()
    ]
    assert [row for row in rows if row not in PAGE] == []


def test_the_page_lists_every_fault() -> None:
    assert [kind for kind in get_args(Kind) if f"| `{kind}` |" not in PAGE] == []
