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
_CONTROL = {code: f"\\u{code:04X}" for code in (*range(32), 127, 0xFFFE, 0xFFFF)}
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


def digits(value: float) -> str:
    """The digits of a number with a fraction: without exponent, without zeros that say nothing."""
    from decimal import Decimal

    written = format(Decimal(repr(value)), "f")
    if "." in written:
        written = written.rstrip("0").rstrip(".")
    return "0" if written == "-0" else written


def decimal(value: float) -> str:
    """A number with a fraction, as a decimal."""
    return f'"{digits(value)}"^^<{_XSD}decimal>'


def short(value: str) -> str:
    """A stored timestamp, its fraction without zeros at the end."""
    return f"{value[:-1].rstrip('0').rstrip('.') if '.' in value else value[:-1]}Z"


def moment(value: str) -> str:
    """A stored timestamp."""
    return f'"{short(value)}"^^<{_XSD}dateTime>'


def boolean(value: bool) -> str:
    """A truth value."""
    return f'"{"true" if value else "false"}"^^<{_XSD}boolean>'


def uri(value: str) -> str:
    """A URI that a user gave, which need not be a sound IRI: so a literal."""
    return f'"{value.translate(_ESCAPES)}"^^<{_XSD}anyURI>'


def as_json(value: object) -> str:
    """A JSON value in canonical form (format 3.1)."""
    return line_bytes(value).decode()


def json(value: object) -> str:
    """A JSON value as a text in canonical form."""
    return text(as_json(value))


def scalar(value: object) -> str:
    """A JSON value as the literal of its own kind; lists, objects and null as JSON."""
    if isinstance(value, bool):
        return boolean(value)
    if isinstance(value, int):
        return integer(value)
    if isinstance(value, float):
        return decimal(value)
    return text(value) if isinstance(value, str) else json(value)
