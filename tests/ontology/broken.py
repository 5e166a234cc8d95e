"""Records of which one thing is changed, and what the rules in Python and the shapes say of them.

A store's records are taken as JSON. Each change is made in a copy of the records that belong together, with
a store id of its own, so that all copies are judged as one graph.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

import msgspec
import rdflib
from rdflib import RDF, SH

from tcps.canonical import file_bytes, genesis, sha256_hex
from tcps.model import KINDS, Json, Receipt, Record, Sku, SkuStatus, WorkOrder
from tcps.ontology import shacl
from tcps.ontology.projection import Projection, State
from tcps.ontology.terms import NAMESPACE
from tcps.rules import blocking, chain, invariants
from tcps.rules.findings import Chain, Expected
from tests.conftest import START

Key = tuple[str, str]
Records = dict[Key, Json]
Change = Callable[[Records], None]
LINKS = {
    ("work_order", "depends_on"): "work_order",
    ("sku", "work_order_id"): "work_order",
    ("receipt", "sku_id"): "sku",
    ("receipt", "work_order_id"): "work_order",
    ("analysis", "andon_id"): "andon_event",
}
"""The fields that name a record which must be there: operations look it up."""
SHAPES = rdflib.Graph().parse(data=shacl.shapes(), format="turtle")


class Constraint(NamedTuple):
    """One thing that shapes.ttl asks for; a shape with a target of its own is one as a whole."""

    shape: str
    property: str = ""
    component: str = ""


def put(kind: str, record_id: str, path: str, value: Any) -> Change:
    """Another value in a field, or in a field of a part."""

    def change(records: Records) -> None:
        *outer, last = [int(name) if name.isdigit() else name for name in path.split(".")]
        at: Any = records[kind, record_id]
        for name in outer:
            at = at[name]
        at[last] = value

    return change


def drop(kind: str, record_id: str) -> Change:
    """A record is gone."""
    return lambda records: records.__delitem__((kind, record_id))


def family(records: Records, key: Key) -> Records:
    """The records that belong to one, near or far; those of other orders stay away."""
    ids = {record_id for _, record_id in records}
    named = {one: ids & {one[1], *_texts(record)} for one, record in records.items()}
    found, names = {key}, set(named[key])
    while more := {one for one in records.keys() - found if names & named[one]}:
        found |= more
        names |= {name for one in more for name in named[one]}
    return {one: deepcopy(records[one]) for one in records if one in found}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def changed(records: Records, change: Change, store_id: str) -> Records:
    """The records as those of another store, with its own digests, and then with the change: what it does
    not say itself of a chain follows from it."""
    _chain(records, store_id, records)
    before = deepcopy(records)
    change(records)
    _chain(records, store_id, before)
    return records


def _chain(records: Records, store_id: str, before: Records) -> None:
    """Let receipts and SKUs name the digests that are there, where these fields are as they were."""
    heads: dict[str, str] = {}
    receipts = [record for (kind, _), record in records.items() if kind == "receipt"]
    for one in sorted(receipts, key=lambda record: (record["sku_id"], record["sequence"])):
        previous = heads.get(one["sku_id"]) or genesis(store_id, one["sku_id"])
        if one["previous"] == before["receipt", _id_of(records, one)]["previous"]:
            one["previous"] = previous
        heads[one["sku_id"]] = f"sha256:{sha256_hex(file_bytes(one))}"
    for (kind, sku_id), record in records.items():
        if kind == "sku" and record["head"] == before["sku", sku_id]["head"]:
            record["head"] = heads.get(sku_id) or genesis(store_id, sku_id)


def _id_of(records: Records, record: Json) -> str:
    return next(record_id for (_, record_id), one in records.items() if one is record)


# What the rules say


class _Orders:
    """As much of production as `blocking` looks at."""

    def __init__(self, records: Mapping[Key, Record]) -> None:
        self._records = records

    def get(self, kind: type[Record], record_id: str) -> Any:
        return self._records.get((kind.kind, record_id))


def by_rules(given: Records, store_id: str) -> bool:
    """Whether the records can be read as what they are, and no rule is broken by one or by several."""
    try:
        records = {key: msgspec.convert(record, KINDS[key[0]]) for key, record in given.items()}
    except msgspec.ValidationError:
        return False
    if any(invariants.faults(record) for record in records.values()) or not _all_there(given):
        return False
    orders = [one for one in records.values() if isinstance(one, WorkOrder) and not one.status.terminal]
    waits: Any = _Orders(records)
    if any(bool(blocking.blocked_by(waits, one)) is not (one.status == "blocked") for one in orders):
        return False
    return all(_holds(records, one, store_id) for one in records.values() if isinstance(one, Sku))


def _all_there(records: Records) -> bool:
    for (kind, field), other in LINKS.items():
        for (own, _), record in records.items():
            ids = record[field] if own == kind else ()
            if any((other, one) not in records for one in ([ids] if isinstance(ids, str) else ids)):
                return False
    return True


def _holds(records: Mapping[Key, Record], sku: Sku, store_id: str) -> bool:
    """The verdict on a chain; only of a published SKU it must be complete, at whatever distances."""
    receipts = [one for one in records.values() if isinstance(one, Receipt) and one.sku_id == sku.id]
    expected = [
        Expected.of(one, one.id, sha256_hex(file_bytes(msgspec.to_builtins(one))))
        for one in sorted(receipts, key=lambda one: one.sequence)
    ]
    whole = Chain(
        store_id=store_id,
        sku_id=sku.id,
        expected=expected,
        found={one.path: one.sha256 for one in expected},
        read=lambda path: None,
        wanted=lambda one: b"",
        counted=(sku.receipt_count, sku.head),
        andon_spans=[],
        max_gap_hours=10**9,
    )
    verdict = chain.judge(whole, START)
    in_order = not any(finding.class_ == "order_violation" for finding in verdict.findings)
    return verdict.intact and in_order and (verdict.complete or sku.status is not SkuStatus.PUBLISHED)


# What the shapes say


def by_shapes(copies: Mapping[str, Records]) -> dict[str, set[Constraint]]:
    """What each copy breaks."""
    return found_in({store_id: list(blocks_of(records, store_id)) for store_id, records in copies.items()})


def found_in(stores: Mapping[str, list[str]]) -> dict[str, set[Constraint]]:
    """What the statements of each store break, judged together."""
    blocks = [block for one in stores.values() for block in one]
    report = rdflib.Graph().parse(data=shacl.judge(blocks).report, format="turtle")
    classes = dict(_classes(blocks))
    found: dict[str, set[Constraint]] = {store_id: set() for store_id in stores}
    for result in report.subjects(RDF.type, SH.ValidationResult):
        focus = str(report.value(result, SH.focusNode))
        found[focus.split(":")[2]] |= _broken(report, result, classes[focus])
    return found


def blocks_of(records: Records, store_id: str) -> Iterable[str]:
    """The statements of a copy."""
    receipts = [(key[1], record) for key, record in records.items() if key[0] == "receipt"]
    by_place = {(record["sku_id"], record["sequence"]): receipt_id for receipt_id, record in receipts}
    writer = Projection(store_id, lambda sku_id, sequence: by_place.get((sku_id, sequence)))
    for (kind, record_id), record in records.items():
        yield from writer.blocks(State(kind, record_id, sha256_hex(file_bytes(record)), record))


def _classes(blocks: Iterable[str]) -> Iterator[tuple[str, str]]:
    for line in (line for block in blocks for line in block.splitlines()):
        subject, predicate, value = line.split(" ", 2)
        if predicate == f"<{RDF.type}>":
            yield subject[1:-1], value[1:-3]


def _broken(report: rdflib.Graph, result: Any, class_: str) -> set[Constraint]:
    path = _name(report.value(result, SH.resultPath))
    component = _name(report.value(result, SH.sourceConstraintComponent)).removesuffix("ConstraintComponent")
    if not path:
        return {Constraint(_name(report.value(result, SH.sourceShape)))}
    shapes = SHAPES.subjects(SH.targetClass, rdflib.URIRef(class_))
    return {Constraint(_name(shape), path, component) for shape in shapes} & constraints()


def constraints() -> set[Constraint]:
    """Everything that shapes.ttl asks for."""
    found = {Constraint(_name(shape)) for shape in SHAPES.subjects(SH.target)}
    for shape, part in SHAPES.subject_objects(SH.property):
        path = _name(SHAPES.value(part, SH.path))
        names = (_name(predicate) for predicate in SHAPES.predicates(part) if predicate != SH.path)
        found |= {Constraint(_name(shape), path, name[0].upper() + name[1:]) for name in names}
    return found


def _name(node: Any) -> str:
    return str(node or "").removeprefix(NAMESPACE).removeprefix(str(SH))
