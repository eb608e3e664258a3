"""CloudEvents' binary mode: attributes in the headers `ce-<name>`, the data in the body (HTTP binding, 3.1). Pure."""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote_to_bytes

from service.problems import Malformed

PREFIX: Final = b"ce-"
SPECVERSION: Final = b"ce-specversion"

NO_ATTRIBUTES: Final = frozenset({"data", "data_base64", "datacontenttype"})
"""The body and its `Content-Type` tell these."""

_QUOTED: Final = re.compile(rb'"((?:[^"\\]|\\.)*)"')
_ESCAPED: Final = re.compile(rb"\\(.)")


def attributes(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The attributes that *headers* tell, each as text.

    Raises:
        Malformed: one came twice, or is not UTF-8.

    """
    found: dict[str, str] = {}
    for header, value in headers:
        if not header.startswith(PREFIX):
            continue
        name = header[len(PREFIX) :].decode("latin-1")
        if name in found:
            raise Malformed(f"the header ce-{name} came more than once")
        try:
            found[name] = _decoded(value)
        except UnicodeDecodeError as error:
            raise Malformed(f"the header ce-{name} is not percent-encoded UTF-8") from error
    return {name: value for name, value in found.items() if name not in NO_ATTRIBUTES}


def _decoded(value: bytes) -> str:
    """First quotes are taken off (RFC 9110, section 5.6.4), then one round of percent-decoding (section 3.1.3.2)."""
    quoted = _QUOTED.fullmatch(value)
    return unquote_to_bytes(_ESCAPED.sub(rb"\1", quoted[1]) if quoted else value).decode("utf-8")
