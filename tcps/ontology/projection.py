"""Records to N-Triples, without an RDF library: pure, and the same bytes for the same record.

A record becomes *blocks*: the lines of one subject, sorted. No two blocks have the same subject, so
the sorted blocks of a store are its sorted lines.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import NamedTuple

from tcps.model import Json
from tcps.ontology.fields import EVALUATION, METRICS, SHAPES, Part, Shape, Write, camel
from tcps.ontology.terms import TYPE, quoted, record_iri, term, text

VERSION = 2
"""Another one whenever the same record gives other statements."""
Find = Callable[[str, int], str | None]
"""Gives the id of a SKU's receipt by its sequence."""


class State(NamedTuple):
    """One record as the ledger has it."""

    kind: str
    id: str
    sha256: str
    record: Json


class Projection:
    """Writes the records of one store, and each agent once; `find` knows the receipts."""

    def __init__(self, store_id: str, find: Find) -> None:
        self.store_id = store_id
        self.find = find
        self._agents: set[str] = set()

    def blocks(self, state: State) -> list[str]:
        """What the graph says because of this record."""
        record, iri = state.record, record_iri(self.store_id, state.kind, state.id)
        said = [f"{_DIGEST} {text('sha256:' + state.sha256)}"]
        blocks: list[str] = []
        if state.kind == "receipt":
            record = self._receipt(iri, record, said, blocks)
        elif state.kind == "sku":
            self._sku(record, said)
        who = record.get("created_by") or record.get("actor")
        if who:
            agent = f"<{record_iri(self.store_id, 'agent', quoted(who))}>"
            said.append(f"{_AGENT} {agent}")
            if agent not in self._agents:
                self._agents.add(agent)
                blocks.append(f"{agent} {TYPE} {_AGENT_CLASS} .\n{agent} {_NAME} {text(who)} .\n")
        self._describe(SHAPES[state.kind], iri, record, said, blocks)
        return blocks

    def _describe(self, shape: Shape, iri: str, value: Json, said: list[str], blocks: list[str]) -> None:
        """Write one thing with its parts; `said` is what else is said of it."""
        plan = _plan(shape.class_)
        said.append(plan.type)
        for field, predicate, write in plan.values:
            item = value.get(field)
            if item or item is False or item == 0:
                written = write(item)
                if isinstance(written, str):
                    said.append(predicate + written)
                else:
                    said += [predicate + one for one in written]
        for field, predicate, kind in plan.links:
            self._link(predicate, kind, value.get(field), said)
        for field, predicate, part in plan.parts:
            if item := value.get(field):
                said += self._parts(iri, predicate, part, item, blocks)
        blocks.append(_block(f"<{iri}>", said))

    def _link(self, predicate: str, kind: str, ids: str | list[str] | None, said: list[str]) -> None:
        for one in (ids,) if isinstance(ids, str) else ids or ():
            said.append(f"{predicate}<urn:tcps:{self.store_id}:{kind}:{one}>")

    def _parts(
        self, iri: str, predicate: str, part: Part, value: Json | list[Json], blocks: list[str]
    ) -> Iterator[str]:
        """One part, numbered ones, or (of an object's members) named ones."""
        joined = "-" if "#" in iri else "#"
        pairs: list[tuple[str, Json]]
        if isinstance(value, list):
            pairs = [(f"{part.name}-{n}", {"number": n} | item) for n, item in enumerate(value, 1)]
        elif part.named:
            pairs = [(f"{part.name}:{quoted(key)}", {"name": key, "value": value[key]}) for key in value]
        else:
            pairs = [(part.name, value)]
        for name, item in pairs:
            own = f"{iri}{joined}{name}"
            yield f"{predicate}<{own}>"
            self._describe(part.shape, own, item, [], blocks)

    def _receipt(self, iri: str, record: Json, said: list[str], blocks: list[str]) -> Json:
        """Say what is particular to a receipt; gives the record as it is said otherwise.

        The gate's evaluation is a part of its own where it failed, and else what `status` says.
        """
        said.append(f"{_RUN} <{iri}#run>")
        self._link(_PREVIOUS, "receipt", self.find(record["sku_id"], record["sequence"] - 1), said)
        rest = {}
        for name, value in record["metrics"].items():
            known = METRICS.get(name)
            if known is None or type(value) not in known[0]:
                rest[name] = value
            else:
                said.append(known[1] + known[2](value))
        evidence = dict(record["evidence"])
        gate = evidence.pop("gate", None)
        if isinstance(gate, dict) and gate.get("violations"):
            said.append(f"{_EVALUATION} <{iri}#gate>")
            self._describe(EVALUATION, f"{iri}#gate", {"gate": record["stage"], **gate}, [], blocks)
        return record | {"metrics": rest, "evidence": evidence}

    def _sku(self, record: Json, said: list[str]) -> None:
        """Say the stages it has been at, and its newest receipt."""
        stages = {visit["stage"] for visit in record["history"]} | {record["current_stage"]}
        said += [f"{_HAS_STAGE} {term(f'Stage-{stage}')}" for stage in stages]
        self._link(_LATEST, "receipt", self.find(record["sku_id"], record["receipt_count"]), said)


def ntriples(blocks: Iterable[str]) -> str:
    """The sorted lines of all blocks: canonical N-Triples."""
    return "".join(sorted(blocks))


_DIGEST, _AGENT, _NAME = term("digest"), term("agent"), term("name")
_AGENT_CLASS, _RUN, _EVALUATION = term("Agent"), term("run"), term("gateEvaluation")
_HAS_STAGE = term("hasStage")
_PREVIOUS, _LATEST = f"{term('previousReceipt')} ", f"{term('latestReceipt')} "


def _block(subject: str, said: list[str]) -> str:
    return f"{subject} " + f" .\n{subject} ".join(sorted(set(said))) + " .\n"


class _Plan(NamedTuple):
    """A shape with the beginnings of its statements."""

    type: str
    values: list[tuple[str, str, Write]]
    links: list[tuple[str, str, str]]
    parts: list[tuple[str, str, Part]]


@cache
def _plan(class_: str) -> _Plan:
    shape = _shapes()[class_]
    return _Plan(
        f"{TYPE} {term(class_)}",
        [(field, f"{term(camel(field))} ", write) for field, write in shape.values.items()],
        [(field, f"{term(name)} ", kind) for field, (name, kind) in shape.links.items()],
        [(field, f"{term(camel(field))} ", part) for field, part in shape.parts.items()],
    )


@cache
def _shapes() -> dict[str, Shape]:
    found: dict[str, Shape] = {}
    waiting = [*SHAPES.values(), EVALUATION]
    while waiting:
        shape = waiting.pop()
        found[shape.class_] = shape
        waiting += [part.shape for part in shape.parts.values()]
    return found
