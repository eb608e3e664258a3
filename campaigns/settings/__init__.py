"""All that our programs are told from outside: `fanfare.toml` (`file`), `secrets`, the environment (`reading`).

Secrets are only ever referred to: by environment variable or by file.
"""

from campaigns.settings.file import LOOPBACK, Caller, File, OAuth, Portal, Right, Secret
from campaigns.settings.reading import Settings, read
from campaigns.settings.recipe_files import RecipeFiles, Shelf

__all__ = [
    "LOOPBACK",
    "Caller",
    "File",
    "OAuth",
    "Portal",
    "RecipeFiles",
    "Right",
    "Secret",
    "Settings",
    "Shelf",
    "read",
]
