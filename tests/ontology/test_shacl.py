"""The shapes: whatever operations make conforms, and each rule finds what breaks it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import rdflib
from rdflib import SH

from tcps.model import Stage
from tcps.ontology import shacl, terms
from tcps.rules import root_cause, work_orders
from tcps.store import Store
from tcps.store.graph import statements
from tests.conftest import DEEP
from tests.ontology.scenes import small
from tests.rules import line

SHAPES = rdflib.Graph().parse(data=shacl.shapes(), format="turtle")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Every kind of record, in as many states as operations reach easily."""
    with small(tmp_path_factory.mktemp("shapes")) as store:
        line.order(store, "waits", depends_on=["WO-2"])
        line.order(store, "queued", labels=["a"])
        line.act(store, work_orders.cancel, line.order(store, "no more").id, "no need")
        line.resolve(store, "ANDON-2")
        for step in (
            ("start", "ANDON-1", "it stopped"),
            *(("add_why", "RCA-1", n, "because") for n in range(1, 6)),
        ):
            line.act(store, getattr(root_cause, step[0]), *step[1:])
        line.act(store, root_cause.finalize, "RCA-1", "a cause", "a guard")
        line.setting(store, "max_gap_hours", 12)
        line.bring(store, line.sku(store).id, Stage.SECURITY_SCAN)
        yield store


@pytest.fixture(scope="module")
def lines(store: Store) -> list[str]:
    with store.view() as view:
        return "".join(statements(view)).split("\n")[:-1]


def test_what_operations_make_conforms(store: Store) -> None:
    judged = store.validate_ontology(full=True)
    assert judged.breaches == ()
    assert judged.conforms
    report = rdflib.Graph().parse(data=judged.report or "", format="turtle")
    assert [str(one) for one in report.objects(None, SH.conforms)] == ["true"]


def _t(name: str) -> str:
    return re.escape(terms.term(name))


WITHOUT = ""
MUTANTS: dict[str, tuple[str, str, str]] = {
    "a revision of 0": (rf"(WO-1> {_t('revision')} )\"\d+\"", r'\1"0"', "RecordShape"),
    "no digest": (rf".*WO-1> {_t('digest')} .*", WITHOUT, "RecordShape"),
    "no title": (rf".*WO-1> {_t('title')} .*", WITHOUT, "WorkOrderShape"),
    "priority 11": (rf"(WO-1> {_t('priority')} )\"\d+\"", r'\1"11"', "WorkOrderShape"),
    "no such bucket": (r"Bucket-features", "Bucket-fun", "WorkOrderShape"),
    "completed without a time": (rf".*WO-1> {_t('completedAt')} .*", WITHOUT, "WorkOrderEnd"),
    "cancelled without a time": (rf".*{_t('cancelledAt')} .*", WITHOUT, "WorkOrderEnd"),
    "queued without a place": (rf".*{_t('queueKey')} .*", WITHOUT, "WorkOrderQueue"),
    "due before it was made": (rf"(WO-1> {_t('slaDeadline')} )\"2026", r'\1"2025', "WorkOrderDeadline"),
    "blocked by nothing, and not": (
        rf"(WO-3> {_t('status')} .*)WorkOrderStatus-blocked",
        r"\1WorkOrderStatus-in_progress",
        "WorkOrderBlocked",
    ),
    "no work order": (rf".*sku:SKU-1> {_t('workOrder')} .*", WITHOUT, "SkuShape"),
    "published without a time": (rf".*{_t('publishedAt')} .*", WITHOUT, "SkuEnd"),
    "a receipt too many": (rf"(SKU-1> {_t('receiptCount')} )\"\d+\"", r'\1"9"', "SkuReceipts"),
    "another head": (rf"(SKU-1> {_t('head')} )\"sha256:....", r'\1"sha256:0000', "SkuHead"),
    "published, a stage failed": (
        rf"(RCPT-4> {_t('status')} .*)ReceiptStatus-pass",
        r"\1ReceiptStatus-fail",
        "SkuPublished",
    ),
    "a receipt of no actor": (rf".*RCPT-3> {_t('actor')} .*", WITHOUT, "ReceiptShape"),
    "another predecessor": (rf"(RCPT-3> {_t('previous')} )\"sha256:....", r'\1"sha256:0000', "ReceiptChain"),
    "a gap in the chain": (rf".*RCPT-3> {_t('previousReceipt')} .*", WITHOUT, "ReceiptChain"),
    "earlier than the one before": (rf"(RCPT-3> {_t('timestamp')} )\"2026", r'\1"2025', "ReceiptTime"),
    "passed with a violation": (r"ReceiptStatus-fail", "ReceiptStatus-pass", "ReceiptGate"),
    "a digest that is none": (rf"({_t('sha256')} )\"abab", r'\1"ABAB', "ArtifactShape"),
    "an artifact that is none": (rf".*artifact-1> .*type> {_t('Artifact')} .*", WITHOUT, "ReceiptRates"),
    "no severity": (rf".*ANDON-1> {_t('severity')} .*", WITHOUT, "AndonShape"),
    "resolved without a resolution": (rf".*ANDON-2> {_t('resolution')} .*", WITHOUT, "AndonEnd"),
    "a resolution without a fix": (rf".*{_t('fixApplied')} .*", WITHOUT, "ResolutionShape"),
    "six whys": (rf"(.*RCA-1> {_t('whys')} .*)why-1> .", r"\1why-1> .\n\1why-6> .", "AnalysisShape"),
    "four whys": (rf".*RCA-1> {_t('whys')} .*why-1> .", WITHOUT, "AnalysisEnd"),
}


@pytest.mark.parametrize("name", MUTANTS if DEEP else list(MUTANTS)[::3])
def test_each_rule_finds_what_breaks_it(lines: list[str], name: str) -> None:
    pattern, new, shape = MUTANTS[name]
    changed = [re.sub(pattern, new, one) for one in lines]
    assert changed != lines
    verdict = shacl.judge("".join(f"{one}\n" for one in changed if one))
    assert shape in {breach.shape for breach in verdict.breaches}
    assert not verdict.conforms


def test_every_shape_is_broken_by_a_mutant_and_says_so() -> None:
    named = {str(one).removeprefix(terms.NAMESPACE) for one in SHAPES.subjects(rdflib.RDF.type, SH.NodeShape)}
    tried = {shape for _, _, shape in MUTANTS.values()}
    assert named - tried == {"ImprovementShape", "MaintenanceRunShape"}
    targets = SHAPES.subjects(SH.target)
    assert all(SHAPES.value(one, SH.message) is not None for one in targets)


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
