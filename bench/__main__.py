"""`make bench`: every measure of the bench, one row each; exit 1 if any falls short."""

import sys
from collections.abc import Callable, Iterator
from typing import Final

from bench import accept
from bench.rows import Row

MEASURES: Final[tuple[Callable[[], Iterator[Row]], ...]] = (accept.rows,)


def main() -> int:
    """Measure and print; the exit code."""
    enough = True
    for measure in MEASURES:
        for row in measure():
            print(row, flush=True)
            enough &= row.ok
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main())
