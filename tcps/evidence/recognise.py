"""What a file is, judged by its content: chooses the reader, and names what is given in its place."""

import re
from typing import Any

from tcps.canonical import parse_input
from tcps.errors import InvalidInput
from tcps.evidence import elements
from tcps.evidence.source import FormatError

JUNIT = "JUnit XML"
COBERTURA = "Cobertura XML"
LCOV = "LCOV"
SARIF = "SARIF"
CYCLONEDX = "CycloneDX in JSON"
SPDX = "SPDX in JSON"
SPDX_3 = "SPDX in JSON-LD"
_BOM = b"\xef\xbb\xbf"
_CDX_NAMESPACE = "http://cyclonedx.org/schema/bom/"
_ROOTS = {
    "testsuites": JUNIT,
    "testsuite": JUNIT,
    "coverage": COBERTURA,
    "report": "JaCoCo XML",
    "bom": "CycloneDX in XML",
    "RDF": "RDF in XML",
    "html": "HTML",
}
_MAGIC = {b"\x1f\x8b": "compressed (gzip)", b"PK\x03\x04": "a ZIP archive", b"%PDF": "PDF"}
_FIRST_WORDS = {b"TN:": LCOV, b"SF:": LCOV, b"SPDXVersion:": "SPDX as tags and values"}
_WORD = re.compile(rb"(?:#[^\n]*\s+)*+(" + b"|".join(_FIRST_WORDS) + b")")
"""The word that a text begins with, after comments."""


def recognise(data: bytes) -> str:
    """What the content is: a constant of this module, or another phrase that completes `it is …`."""
    text = plain(data).lstrip()
    if not text:
        return "empty"
    for magic, phrase in _MAGIC.items():
        if text.startswith(magic):
            return phrase
    if text.startswith(b"<") or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _xml(data)
    if text[:1] in (b"{", b"["):
        return _json(text)
    first = _WORD.match(text)
    if first is not None:
        return _FIRST_WORDS[first[1]]
    return "binary" if b"\0" in text[:65_536] else "text of another kind"


def plain(data: bytes) -> bytes:
    """Text without the byte order mark that some tools write before UTF-8."""
    return data.removeprefix(_BOM)


def of_document(document: Any) -> str:
    """What a JSON document is."""
    if not isinstance(document, dict):
        return "JSON of another kind"
    if document.get("bomFormat") == "CycloneDX":
        return CYCLONEDX
    if "spdxVersion" in document:
        return SPDX
    if "spdx.org/rdf/" in str(document.get("@context"))[:1000]:
        return SPDX_3
    if "runs" in document and ("version" in document or "sarif" in str(document.get("$schema"))[:1000]):
        return SARIF
    return "JSON of another kind"


def _xml(data: bytes) -> str:
    try:
        found = elements.root(data)
    except FormatError as fault:
        return f"XML that is not read: {fault}"
    if found is None:
        return "cut off or malformed XML"
    namespace, _, name = found[0].rpartition(" ")
    if name == "bom" and not namespace.startswith(_CDX_NAMESPACE):
        return "XML with the root element bom"
    if name == "coverage" and "clover" in found[1]:
        return "Clover XML"
    return _ROOTS.get(name, f"XML with the root element {name[:80]}")


def _json(text: bytes) -> str:
    try:
        return of_document(parse_input(text, "it"))
    except InvalidInput:
        return "cut off or malformed JSON"
