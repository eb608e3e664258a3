"""The `after` cursors of HubSpot's collections; what lies on a page is decided in listing.py.

A cursor is a number in base64, handed out already percent-encoded (`Mg%3D%3D`). In the list of campaigns the number
counts rows, so a walk skips or repeats rows when campaigns come or go under it; in the list of assets it is an id.
"""

from base64 import b64decode, b64encode
from binascii import Error
from urllib.parse import quote

from simulator.answers import invalid


def encode(number: int) -> str:
    """Write a cursor as HubSpot does: base64, then percent-encoded once more than JSON needs."""
    return quote(b64encode(str(number).encode()).decode(), safe="")


def decode(after: str) -> int:
    """Read a cursor that has been percent-decoded once, as every web server does.

    HubSpot's own example, `NTI1Cg==`, ends in a newline inside: white space around the number is allowed.

    Raises:
        ValueError: it is not the base64 of a number.
    """
    try:
        number = int(b64decode(after, validate=True))
    except Error as error:
        raise ValueError(str(error)) from error
    if number < 0:
        raise ValueError("a cursor is never negative")
    return number


def read(after: str | None, *, first: int) -> int:
    """Read the cursor of a request, `first` where it has none.

    Raises:
        Refused: 400, it is no cursor.
    """
    if not after:
        return first
    try:
        return decode(after)
    except ValueError as error:
        raise invalid(f"Invalid after: {after}") from error
