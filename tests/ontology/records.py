"""Any record that a ledger can hold, for properties; and the graph of a store as blocks."""

import enum
import types
import typing
from collections.abc import Iterable
from typing import Any

import msgspec
import pyoxigraph as ox
import rdflib
from hypothesis import strategies as st

from tcps.canonical import parse, record_bytes, sha256_hex
from tcps.model import KINDS, Record, Timestamp, from_ms
from tcps.ontology.projection import Projection, State, ntriples

STORE = "0123456789abcdef"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
"""Any text: control characters, quotes, what lies beyond the basic plane; half a surrogate pair is none."""
IDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,8}", fullmatch=True)
_TIMES = st.integers(-62135596800000, 253402300799999).map(from_ms)
_FLOATS = st.floats(allow_nan=False, allow_infinity=False)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | _FLOATS | TEXT,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(TEXT, inside, max_size=3),
    max_leaves=6,
)
_OBJECTS = st.dictionaries(TEXT, _JSON, max_size=3)
_METRICS = st.dictionaries(
    st.sampled_from(["line_coverage", "tests_total", "shacl_conforms", "build_hash_1"]) | TEXT, _JSON
)


def states() -> st.SearchStrategy[State]:
    """Any state of a record of any kind."""
    return st.sampled_from(list(KINDS)).flatmap(lambda kind: _records(KINDS[kind]).map(state))


def state(record: Record) -> State:
    """The state of one record."""
    content = record_bytes(record)
    return State(record.kind, record.id, sha256_hex(content), parse(content))


def blocks(given: Iterable[State]) -> list[str]:
    """What a store with these records says."""
    every = list(given)
    found = {(s.record["sku_id"], s.record["sequence"]): s.id for s in every if s.kind == "receipt"}
    writer = Projection(STORE, lambda sku, sequence: found.get((sku, sequence)))
    return [block for one in every for block in writer.blocks(one)]


def text(given: Iterable[State]) -> str:
    """The same as N-Triples."""
    return ntriples(blocks(given))


def by_rdflib(lines: str) -> set[tuple[str, str, str]]:
    """The triples that rdflib reads, literals as they are written."""
    before, rdflib.NORMALIZE_LITERALS = rdflib.NORMALIZE_LITERALS, False
    try:
        graph = rdflib.Graph().parse(data=lines, format="nt")
    finally:
        rdflib.NORMALIZE_LITERALS = before
    return {(str(s), str(p), _shown(o)) for s, p, o in graph}


def by_oxigraph(lines: str) -> set[tuple[str, str, str]]:
    """The triples that Oxigraph gives back after they were stored in it."""
    store = ox.Store()
    store.load(lines.encode(), format=ox.RdfFormat.N_TRIPLES)
    return {(q.subject.value, q.predicate.value, _native(q.object)) for q in store}


def _shown(node: Any) -> str:
    if isinstance(node, rdflib.Literal):
        return f"{str(node)!r} {node.datatype or rdflib.XSD.string} {node.language}"
    return str(node)


def _native(node: Any) -> str:
    if isinstance(node, ox.Literal):
        return f"{node.value!r} {node.datatype.value} {node.language}"
    return str(node.value)


def _records(kind: type[Record]) -> st.SearchStrategy[Any]:
    own = {name: IDS for name in kind.__struct_fields__ if name.endswith("_id")}
    return _struct(kind, own)


def _struct(kind: type[msgspec.Struct], own: dict[str, Any] | None = None) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(kind)
    fields = {name: _of(hints[name], name) for name in kind.__struct_fields__}
    if "depends_on" in fields:
        fields["depends_on"] = st.lists(IDS, max_size=2).map(tuple)
    return st.builds(kind, **(fields | (own or {})))


def _of(hint: Any, name: str) -> st.SearchStrategy[Any]:
    """Any value of a field's type."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return st.one_of(*(_of(one, name) for one in typing.get_args(hint)))
    if typing.get_origin(hint) is tuple:
        return st.lists(_of(typing.get_args(hint)[0], name), max_size=3).map(tuple)
    if typing.get_origin(hint) is dict:
        return _dictionary(hint, name)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return st.sampled_from(list(hint))
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _struct(hint, {"receipt_id": IDS} if "receipt_id" in hint.__struct_fields__ else None)
    return _PLAIN[hint]


def _dictionary(hint: Any, name: str) -> st.SearchStrategy[Any]:
    if typing.get_args(hint)[1] is str:
        return st.dictionaries(TEXT, TEXT, max_size=2)
    return {"metrics": _METRICS}.get(name, _OBJECTS)


_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(-(2**63), 2**63 - 1),
    float: _FLOATS,
    Timestamp: _TIMES,
    type(None): st.none(),
}
