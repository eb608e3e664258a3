"""What a filter says of a value with which it can do nothing. Pure."""


class Unfit(ValueError):
    """A filter cannot do this with that value; the text is for the author of the recipe."""


def shown(value: object) -> str:
    """As much of a value as helps."""
    text = str(value)
    return repr(text if len(text) <= 60 else text[:57] + "...")  # noqa: PLR2004
