"""Names and literals in N-Triples: escaped, and in the one form that RDF engines leave as it is."""

from functools import lru_cache

from tcps.canonical import line_bytes

NAMESPACE = "https://tcps.dev/ontology#"
PREFIXES = {
    "tcps": NAMESPACE,
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "prov": "http://www.w3.org/ns/prov#",
    "dcterms": "http://purl.org/dc/terms/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "earl": "http://www.w3.org/ns/earl#",
    "oslc_cm": "http://open-services.net/ns/cm#",
    "p-plan": "http://purl.org/net/p-plan#",
    "schema": "https://schema.org/",
    "sh": "http://www.w3.org/ns/shacl#",
}
"""The prefixes that every query may use without a declaration."""
TYPE = f"<{PREFIXES['rdf']}type>"
_XSD = PREFIXES["xsd"]
_NAMED = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
_CONTROL = {code: f"\\u{code:04X}" for code in (*range(32), 127)}
_ESCAPES = _CONTROL | _NAMED
"""Canonical N-Triples (RDF 1.2 N-Triples, section 4): no other character is escaped."""


def term(name: str) -> str:
    """A term of the vocabulary."""
    return f"<{NAMESPACE}{name}>"


def record_iri(store_id: str, kind: str, record_id: str) -> str:
    """The IRI of a record, without brackets (interface 9); no character of an id needs to be encoded."""
    return f"urn:tcps:{store_id}:{kind}:{record_id}"


@lru_cache(4096)
def quoted(name: str) -> str:
    """A name that is no id, percent-encoded as a part of an IRI."""
    from urllib.parse import quote  # this and `decimal` take longer to import than a query to answer

    return quote(name, safe="")


def text(value: str) -> str:
    """A text."""
    return f'"{value.translate(_ESCAPES)}"'


def integer(value: int) -> str:
    """A whole number."""
    return f'"{value}"^^<{_XSD}integer>'


def decimal(value: float) -> str:
    """A number with a fraction, as a decimal: without exponent, without zeros that say nothing."""
    from decimal import Decimal

    digits = format(Decimal(repr(value)), "f")
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return f'"{"0" if digits == "-0" else digits}"^^<{_XSD}decimal>'


def moment(value: str) -> str:
    """A stored timestamp: its fraction without zeros at the end."""
    short = value[:-1].rstrip("0").rstrip(".") if "." in value else value[:-1]
    return f'"{short}Z"^^<{_XSD}dateTime>'


def boolean(value: bool) -> str:
    """A truth value."""
    return f'"{"true" if value else "false"}"^^<{_XSD}boolean>'


def uri(value: str) -> str:
    """A URI that a user gave, which need not be a sound IRI: so a literal."""
    return f'"{value.translate(_ESCAPES)}"^^<{_XSD}anyURI>'


def json(value: object) -> str:
    """A JSON value as a text in canonical form (format 3.1)."""
    return text(line_bytes(value).decode())


def scalar(value: object) -> str:
    """A JSON value as the literal of its own kind; lists, objects and null as JSON."""
    if isinstance(value, bool):
        return boolean(value)
    if isinstance(value, int):
        return integer(value)
    if isinstance(value, float):
        return decimal(value)
    return text(value) if isinstance(value, str) else json(value)
