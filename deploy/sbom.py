#!/usr/bin/env python3
"""`sbom.py NAME`: a bill of materials of the environment that runs it, CycloneDX 1.6, on standard output.

It lists what is installed, not what was asked for. No time and no serial number: the same packages make the same bytes.
"""

import json
import re
import sys
from importlib.metadata import Distribution, distributions


def component(package: Distribution) -> dict[str, object]:
    """One installed package: its name as PyPI writes it (PEP 503), its version, and its license if it says one."""
    name = re.sub(r"[-_.]+", "-", package.metadata["Name"]).lower()
    purl = f"pkg:pypi/{name}@{package.version}"
    told = {"type": "library", "name": name, "version": package.version, "purl": purl, "bom-ref": purl}
    said = package.metadata.json.get("license_expression")
    return told | ({"licenses": [{"expression": said}]} if said else {})


def bill(name: str) -> dict[str, object]:
    """The bill of materials of the program *name*."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": name, "bom-ref": name}},
        "components": sorted(map(component, distributions()), key=lambda one: str(one["name"])),
    }


if __name__ == "__main__":
    json.dump(bill(sys.argv[1]), sys.stdout, indent=1, sort_keys=True)
