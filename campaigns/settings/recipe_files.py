"""The files in which recipes stand: read at the start, and again when somebody has changed them."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
import structlog

from campaigns.errors import Invalid
from campaigns.model import Trigger
from campaigns.recipes import Recipe, Recipes, examine, usable

LOOKS: Final = 1.0
"""Seconds between two looks: a changed file is in force two looks later, once it stays as it is."""

log = structlog.get_logger()


class RecipeFiles(msgspec.Struct, frozen=True):
    """Where recipes stand.

    Attributes:
        settings: `fanfare.toml`, which may hold some.
        folder: each `*.toml` in it holds some. Kubernetes puts links there, and changes them all by moving one folder.
        zones: the zone of each portal, by its name.

    """

    settings: Path
    folder: Path
    zones: Mapping[str, str]

    def texts(self) -> dict[str, str]:
        """What the files hold now, by their paths.

        Raises:
            Invalid: one cannot be read.

        """
        paths = [self.settings, *sorted(self.folder.glob("*.toml"))]
        try:
            return {str(path): path.read_text(encoding="utf-8") for path in paths}
        except (OSError, UnicodeDecodeError) as error:
            raise Invalid(f"recipes: cannot read them: {error}") from error

    def book(self, texts: Mapping[str, str]) -> Recipes:
        """The recipes that these texts hold.

        Raises:
            Invalid: they cannot be used; the message says where they are wrong.

        """
        reading = examine(texts, portals=self.zones, among=[str(self.settings)])
        return Recipes(usable(reading), self.zones)


class Shelf:
    """The recipes that are in force while their files change; broken ones leave the last good ones there.

    Args:
        book: those that are in force at first.
        files: where they stand; None: they never change.
        looks: seconds between two looks.

    """

    def __init__(self, book: Recipes, files: RecipeFiles | None, *, looks: float = LOOKS) -> None:
        self._book = book
        self._files = files
        self._looks = looks
        self._seen: dict[str, str] | None = None
        self._taken: dict[str, str] | None = None
        self.problem: str | None = None

    @property
    def all(self) -> tuple[Recipe, ...]:
        """All that are in force."""
        return self._book.all

    def match(self, trigger: Trigger) -> Recipe | None:
        """See `Recipes.match`."""
        return self._book.match(trigger)

    def zone(self, portal: str) -> ZoneInfo:
        """See `Recipes.zone`."""
        return self._book.zone(portal)

    async def watch(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            if self._files is not None:
                await self._look(self._files)
            await asyncio.sleep(self._looks)

    async def _look(self, files: RecipeFiles) -> None:
        """Take what two looks in a row have found: what is being written, or half exchanged, is no recipe yet."""
        try:
            texts = await asyncio.to_thread(files.texts)
        except Invalid as error:
            self._seen = self._taken = None  # when they can be read again, that is news
            self._complain(str(error))
            return
        settled, self._seen = texts == self._seen, texts
        if not settled or texts == self._taken:
            return
        self._taken = texts
        try:
            self._book = await asyncio.to_thread(files.book, texts)
        except Invalid as error:
            self._complain(str(error))
        else:
            self.problem = None
            log.info("recipes.read", recipes=len(self._book.all))

    def _complain(self, problem: str) -> None:
        if problem != self.problem:
            log.error("recipes.broken", problem=problem)
        self.problem = problem
