"""The shapes: whatever operations make conforms, and what breaks a rule is found, as the rules find it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import rdflib
from rdflib import SH

from tcps.home import Home
from tcps.model import KINDS, Frequency, Record, Stage
from tcps.ontology import terms
from tcps.rules import invariants, kaizen, root_cause, work_orders
from tcps.service import maintenance
from tcps.service.outside import Outside
from tcps.store import Store
from tests.conftest import FixedClock
from tests.ontology import broken, changes
from tests.ontology.broken import Constraint, Records
from tests.ontology.scenes import small
from tests.rules import line


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Every kind of record, in as many states as operations reach easily."""
    with small(tmp_path_factory.mktemp("shapes")) as store:
        line.order(store, "waits", depends_on=["WO-2"])
        line.order(store, "queued", labels=["a"])
        line.act(store, work_orders.cancel, line.order(store, "no more").id, "no need")
        late = {"bucket": "technical_debt", "due_on": "2026-01-19T10:00:00Z"}
        line.order(store, "asked for yesterday", **late)
        line.resolve(store, "ANDON-2")
        line.trigger(store, "nowhere")
        line.act(store, root_cause.start, "ANDON-2", "it stopped")
        for n in range(1, 6):
            line.act(store, root_cause.add_why, "RCA-1", n, "because")
        line.act(store, root_cause.finalize, "RCA-1", "a cause", "a guard")
        line.setting(store, "max_gap_hours", 12)
        assert isinstance(store.engine.clock, FixedClock)
        store.engine.clock.forward(ms=1)
        line.act(store, kaizen.propose)
        maintenance.run(store, Frequency.DAILY, Outside(Home(store.folder / "home")))
        yield store


@pytest.fixture(scope="module")
def records(store: Store) -> Records:
    """Every record as it is in the ledger."""
    found: Records = {}
    with store.view() as view:
        for (seq,) in view.loader.index.db.execute("SELECT seq FROM entry ORDER BY seq"):
            found |= {(one.kind, one.id): one.record for one in view.loader.entry(seq).changes if one.record}
    return found


class Verdicts:
    """Of each change: whether the rules let it pass, and what shapes it breaks."""

    def __init__(self, records: Records) -> None:
        self.copies: dict[str, Records] = {}
        self.names: dict[str, str] = {}
        for number, (name, key, change) in enumerate(changes.every()):
            store_id = f"{number:016x}"
            self.names[store_id] = name
            self.copies[store_id] = broken.changed(broken.family(records, key), change, store_id)
        self.by_rules = {store_id: broken.by_rules(one, store_id) for store_id, one in self.copies.items()}
        self.by_shapes = broken.by_shapes(self.copies)


@pytest.fixture(scope="module")
def verdicts(records: Records) -> Verdicts:
    return Verdicts(records)


def test_what_operations_make_conforms(store: Store) -> None:
    judged = store.validate_ontology(full=True)
    assert judged.breaches == ()
    assert judged.conforms
    report = rdflib.Graph().parse(data=judged.report or "", format="turtle")
    assert [str(one) for one in report.objects(None, SH.conforms)] == ["true"]


def test_the_rules_and_the_shapes_give_every_change_the_same_verdict(verdicts: Verdicts) -> None:
    different = {
        verdicts.names[one]: (passes, verdicts.by_shapes[one])
        for one, passes in verdicts.by_rules.items()
        if passes == bool(verdicts.by_shapes[one])
    }
    assert different == {}
    assert sum(verdicts.by_rules.values()) > 50


def test_no_shape_is_left_that_nothing_breaks(store: Store, verdicts: Verdicts) -> None:
    """What no record can break, such as two values of one field, is broken in the statements."""
    found = set[Constraint]().union(*verdicts.by_shapes.values())
    paths = {one.property for one in broken.constraints()}
    lines = store.export_ontology().splitlines()
    twice, once = "a" * 16, "b" * 16
    judged = broken.found_in(
        {
            twice: _of(twice, store, [line for one in lines for line in (one, *_another(one, paths))]),
            once: _of(once, store, [line for line in lines if not _is_of("digest sequence sku", line)]),
        }
    )
    assert broken.constraints() - found - judged[twice] - judged[once] == set()


def _another(line: str, paths: set[str]) -> Iterator[str]:
    """A second value of a property, which is none that it may have."""
    subject, predicate, value = line.split(" ", 2)
    if predicate.removeprefix(f"<{terms.NAMESPACE}")[:-1] in paths:
        yield f"{subject} {predicate} {'<urn:nothing>' if value.startswith('<') else terms.text('nothing')} ."


def _is_of(names: str, line: str) -> bool:
    return line.split(" ", 2)[1] in map(terms.term, names.split())


def _of(store_id: str, store: Store, lines: list[str]) -> list[str]:
    """The statements as those of another store."""
    return [f"{line.replace(store.store_id, store_id)}\n" for line in lines]


def test_no_rule_is_left_that_nothing_breaks_and_none_is_written_broken(
    store: Store, verdicts: Verdicts
) -> None:
    seen: dict[tuple[str, str], Record] = {}
    for records in verdicts.copies.values():
        for (kind, _), value in records.items():
            with contextlib.suppress(msgspec.ValidationError):
                record = msgspec.convert(value, KINDS[kind])
                seen |= {(kind, rule): record for rule in invariants.faults(record)}
    assert seen.keys() == {(kind.kind, name) for kind, rules in invariants.RULES.items() for name, _ in rules}
    for (kind, rule), record in seen.items():
        if kind == "receipt" or "revision" in rule:
            continue  # a receipt is never changed, and revisions are given
        with line.refused(store, "invalid_field") as caught, store.transaction() as draft:
            draft.put(record)
        assert rule in caught.value.details["rules"]


def test_only_what_changed_is_looked_at_until_a_doubt(tmp_path: Path) -> None:
    with small(tmp_path) as store:
        whole = store.validate_ontology()
        assert (whole.since, whole.records > 15, whole.conforms) == (0, True, True)
        nothing = store.validate_ontology()
        assert (nothing.since, nothing.records) == (whole.sequence, 0)
        line.run(store, "SKU-2", Stage.COMPILATION)
        line.order(store, "waits", depends_on=["WO-2"])
        some = store.validate_ontology()
        assert (some.conforms, some.records, some.since) == (True, 3, whole.sequence)
        place = store.folder / "ontology" / "conforms"
        place.write_bytes(place.read_bytes().replace(b'"leaf":"', b'"leaf":"0'))
        assert store.validate_ontology().since == 0
