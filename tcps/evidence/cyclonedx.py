"""CycloneDX in JSON, from 1.2 on: its components, nested ones too.

The product itself (`metadata.component`) is none of them. All licences of a component apply; those that the
SBOM's author concluded stand before those that were declared.
"""

import re
from collections.abc import Iterator

from tcps.evidence.components import Component, component
from tcps.evidence.shape import nested, part, parts, text
from tcps.evidence.source import FormatError
from tcps.model import Json

_VERSION = re.compile(r"1\.([2-9]|[1-9][0-9]+)")


def read(bom: Json) -> Iterator[Component]:
    """The components of a BOM. Raises `FormatError`."""
    version = text(bom, "specVersion") or "none"
    if _VERSION.fullmatch(version) is None:
        raise FormatError(f"it is CycloneDX of the version {version[:40]}; from 1.2 on it is read")
    for item in nested(bom, "components"):
        name = text(item, "name")
        if not name:
            raise FormatError("a component has no name")
        group = text(item, "group")
        full = f"{group}/{name}" if group else name
        yield component(full, text(item, "version"), text(item, "purl"), _licences(item))


def _licences(item: Json) -> list[str]:
    choices = [(one, part(one, "license")) for one in parts(item, "licenses")]
    concluded = [pair for pair in choices if any(end.get("acknowledgement") == "concluded" for end in pair)]
    return [
        text(one, "expression") or text(licence, "id") or text(licence, "name") or ""
        for one, licence in concluded or choices
    ]
