"""What is wrong with a recipe, for whoever wrote it: where, what, and what to do. Pure."""

import msgspec

from campaigns.recipes.positions import Path


class Mistake(msgspec.Struct, frozen=True):
    """One thing that is wrong.

    Attributes:
        path: where in the file's values.
        why: a sentence.
        hint: what to do about it; "" when *why* says it.
        stops: whether the recipe cannot be used; else it is a warning.
        line: where in the file; 0 while only *path* is known.
        file: which; "" while there is only a text.
        within: lines further down inside a text that spans several.

    """

    path: Path
    why: str
    hint: str = ""
    stops: bool = True
    line: int = 0
    file: str = ""
    within: int = 0

    def __str__(self) -> str:
        """As people read it, editors jump to it, and snapshot tests keep it."""
        place = ":".join(part for part in (self.file, str(self.line or "")) if part)
        told = f"{place}: {'' if self.stops else 'warning: '}{self.why}"
        return f"{told}\n  hint: {self.hint}" if self.hint else told
