"""Reading secrets from where the settings say that they are. Which there are, and what for, is `file`."""

import base64
from collections.abc import Mapping
from pathlib import Path

from campaigns.errors import Invalid
from campaigns.settings.file import Secret


def read(where: str, reference: Secret, environment: Mapping[str, str], folder: Path) -> str:
    """The value that *reference* names.

    Args:
        where: the setting that holds the reference.
        reference: to the secret.
        environment: the process's.
        folder: where the paths of files begin.

    Raises:
        Invalid: there is none; the message names the setting and what is missing.

    """
    place = folder / reference.file if reference.file is not None else reference.env
    try:
        value = in_file(place) if isinstance(place, Path) else environment[str(place)].strip()
    except KeyError as error:
        raise Invalid(f"settings: {where}: the environment has no {place}") from error
    except OSError as error:
        raise Invalid(f"settings: {where}: cannot read {place}: {error.strerror}") from error
    if not value:
        raise Invalid(f"settings: {where}: {place} is empty")
    return value


def in_file(path: Path) -> str:
    """What *path* holds, without the line end that files have; bytes that are no text become what no secret holds.

    Raises:
        OSError: it cannot be read.

    """
    return path.read_text(encoding="utf-8", errors="replace").strip()


def signs(secret: str) -> bool:
    """Whether *secret* is one of Standard Webhooks: `whsec_` and base64."""
    try:
        return secret.startswith("whsec_") and len(base64.b64decode(secret[6:], validate=True)) > 0
    except ValueError:
        return False
