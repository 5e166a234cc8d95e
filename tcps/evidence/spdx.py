"""SPDX 2.2 and 2.3 in JSON: its packages. The concluded licence stands before the declared one."""

import re
from collections.abc import Iterator

from tcps.evidence.components import Component, component
from tcps.evidence.shape import parts, text
from tcps.evidence.source import FormatError
from tcps.model import Json

_VERSION = re.compile(r"SPDX-2\.([2-9]|[1-9][0-9]+)")
UNSTATED = ("", "NOASSERTION")
"""What says nothing of a licence."""


def read(document: Json) -> Iterator[Component]:
    """The packages of a document. Raises `FormatError`."""
    version = text(document, "spdxVersion") or "none"
    if _VERSION.fullmatch(version) is None:
        raise FormatError(f"it is of the version {version[:40]}; from SPDX-2.2 on it is read")
    for package in parts(document, "packages"):
        name = text(package, "name")
        if not name:
            raise FormatError("a package has no name")
        stated = (text(package, "licenseConcluded") or "", text(package, "licenseDeclared") or "")
        licences = [licence for licence in stated if licence not in UNSTATED][:1]
        yield component(name, text(package, "versionInfo"), _purl(package), licences)


def _purl(package: Json) -> str | None:
    references = parts(package, "externalRefs")
    return next(
        (text(one, "referenceLocator") for one in references if one.get("referenceType") == "purl"), None
    )
