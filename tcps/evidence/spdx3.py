"""SPDX 3 in JSON-LD: its packages, and the licences that relationships give them.

A licence is read where it is an expression or one of the SPDX list; another object in its place is no known
licence. The concluded licences stand before the declared ones.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tcps.evidence.components import Component, component
from tcps.evidence.shape import parts, text
from tcps.evidence.source import FormatError
from tcps.model import Json

_CONTEXT = "https://spdx.org/rdf/3."
_LISTED = ("https://spdx.org/licenses/", "http://spdx.org/licenses/")
_EXPRESSION = "simplelicensing_licenseExpression"
_CONCLUDED, _DECLARED = "hasConcludedLicense", "hasDeclaredLicense"


def read(document: Json) -> Iterator[Component]:
    """The packages of a document. Raises `FormatError`."""
    context = str(document.get("@context"))[:200]
    if _CONTEXT not in context:
        raise FormatError(f"it is of another version than 3 ({context[:80]})")
    graph = parts(document, "@graph")
    expressions = {_id(one): text(one, _EXPRESSION) for one in graph}
    licences: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in graph:
        kind = text(one, "relationshipType")
        if kind in (_CONCLUDED, _DECLARED):
            ends = (_licence(end, expressions) for end in _ends(one))
            licences[text(one, "from") or "", kind] += [end for end in ends if end is not None]
    for one in graph:
        if one.get("type", one.get("@type")) == "software_Package":
            stated = licences.get((_id(one), _CONCLUDED)) or licences.get((_id(one), _DECLARED))
            yield _package(one, stated or [])


def _id(one: Json) -> str:
    return text(one, "spdxId") or text(one, "@id") or ""


def _ends(relationship: Json) -> list[Any]:
    """What a relationship leads to: ids of elements, or the elements themselves."""
    ends = relationship.get("to")
    return ends if isinstance(ends, list) else [ends]


def _licence(end: Any, expressions: dict[str, str | None]) -> str | None:
    """The licence as an expression; None for an assertion that nothing is known, else blank."""
    if isinstance(end, dict):
        return text(end, _EXPRESSION) or ""
    if not isinstance(end, str) or "NoAssertion" in end:
        return None
    listed = next((end.removeprefix(one) for one in _LISTED if end.startswith(one)), "")
    return expressions.get(end) or listed


def _package(one: Json, licences: list[str]) -> Component:
    name = text(one, "name")
    if not name:
        raise FormatError("a package has no name")
    purls = [
        text(identifier, "identifier")
        for identifier in parts(one, "externalIdentifier")
        if identifier.get("externalIdentifierType") == "packageUrl"
    ]
    purl = text(one, "software_packageUrl") or next(iter(purls), None)
    return component(name, text(one, "software_packageVersion"), purl, licences)
