"""A component's licence as an SPDX expression, and whether a release may hold it."""

import functools
import json
import subprocess
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import Any

from license_expression import ExpressionError, get_spdx_licensing

ALLOWED = frozenset(
    {"Apache-2.0", "MIT", "MIT-0", "BSD-3-Clause", "BSD-2-Clause", "0BSD", "ISC", "Zlib", "Unlicense"}
    | {"CC0-1.0", "PSF-2.0", "Python-2.0", "MPL-2.0"}
)
"""The licences that the release gate of tcps allows."""
CLASSIFIED = {
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "Zero-Clause BSD (0BSD)": "0BSD",
    "zlib/libpng License": "Zlib",
}
"""Classifiers that mean exactly one licence. `BSD License` does not, so it is not here."""
SPDX = get_spdx_licensing()


def of(component: dict[str, Any], python: Path) -> str | None:
    """The licence that the SBOM states; where that is not SPDX, the one of the installed metadata."""
    entries = component.get("licenses", [])
    texts = [e.get("expression") or e.get("license", {}).get("id") for e in entries]
    if texts and all(map(is_spdx, texts)):
        return " AND ".join(f"({text})" if len(texts) > 1 else text for text in texts)
    return of_metadata(installed(python).get(component["name"], Message()))


def of_metadata(metadata: Message) -> str | None:
    """License-Expression, else License, else the classifiers, all of which then apply."""
    for field in ("License-Expression", "License"):
        if is_spdx(metadata[field]):
            return str(metadata[field])
    prefix = "License :: OSI Approved :: "
    classifiers = [c.removeprefix(prefix) for c in metadata.get_all("Classifier", []) if prefix in c]
    if classifiers and all(c in CLASSIFIED for c in classifiers):
        return " AND ".join(CLASSIFIED[c] for c in classifiers)
    return None


def allowed(licence: str | None) -> bool:
    """OR complies if any side does, AND only if all do; an unknown or missing licence never does."""
    return is_spdx(licence) and complies(SPDX.parse(licence))


def complies(expression: Any) -> bool:
    if expression.__class__.__name__ == "OR":
        return any(map(complies, expression.args))
    if expression.__class__.__name__ == "AND":
        return all(map(complies, expression.args))
    return str(expression) in ALLOWED


def is_spdx(text: str | None) -> bool:
    if not text or text == "UNKNOWN":
        return False
    try:
        SPDX.parse(text, validate=True, strict=True)
    except ExpressionError:
        return False
    return True


@functools.cache
def installed(python: Path) -> dict[str, Message]:
    """The metadata of everything that is installed for this Python."""
    code = """
import importlib.metadata, json
print(json.dumps([d.read_text("METADATA") for d in importlib.metadata.distributions()]))
"""
    asked = subprocess.run([python, "-I", "-c", code], check=True, capture_output=True, text=True)
    found = [Parser().parsestr(text, headersonly=True) for text in json.loads(asked.stdout)]
    return {metadata["Name"]: metadata for metadata in found}
