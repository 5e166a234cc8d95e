"""What each field of a record becomes: a literal, a term, a link to another record, or parts of its own.

The tables follow `tcps.model`: each field of a record and of its parts is in exactly one of them.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tcps.ontology.terms import boolean, decimal, integer, json, moment, scalar, term, text, uri

Write = Callable[[Any], str | list[str]]


class Part(NamedTuple):
    """A field that holds parts: their name in the record's IRI, what they are, whether they have names."""

    name: str
    shape: "Shape"
    named: bool = False


class Shape(NamedTuple):
    """How one class of things is written. `links` name the property, and the kind of record."""

    class_: str
    values: Mapping[str, Write]
    links: Mapping[str, tuple[str, str]] = {}
    parts: Mapping[str, Part] = {}

    @property
    def fields(self) -> set[str]:
        """The fields that are written."""
        return {*self.values, *self.links, *self.parts}


def camel(field: str) -> str:
    """The property of a field: its name in camel case (interface 9)."""
    first, *rest = field.split("_")
    return first + "".join(word.capitalize() for word in rest)


def concept(scheme: str) -> Write:
    """Writes a value of a closed vocabulary as its term."""
    start = term(f"{scheme}-")[:-1]
    return lambda value: f"{start}{value}>"


def texts(values: list[str]) -> list[str]:
    """Writes each text of a list."""
    return [text(value) for value in values]


_STAGE = concept("Stage")
_RECORD: dict[str, Write] = {"revision": integer}
_MADE: dict[str, Write] = {"created_at": moment, "created_by": text, "updated_at": moment}

SIGNAL = Shape(
    "PullSignal",
    {"type": concept("SignalType"), "source": text, "source_keys": texts, "received_at": moment},
)
VISIT = Shape(
    "StageVisit",
    {"stage": _STAGE, "entered_at": moment, "left_at": moment, "receipt_id": text},
    {"receipt_id": ("receipt", "receipt")},
)
ARTIFACT = Shape("Artifact", {"name": text, "sha256": text, "size": integer, "uri": uri})
SETTING = Shape("Setting", {"name": text, "value": scalar})
VIOLATION = Shape(
    "GateViolation",
    {"metric": text, "operator": text, "expected": scalar, "actual": scalar, "reason": text},
)
EVALUATION = Shape(
    "GateEvaluation",
    {"gate": concept("QualityGate"), "result": concept("ReceiptStatus")},
    parts={"violations": Part("violation", VIOLATION)},
)
OCCURRENCE = Shape("Occurrence", {"timestamp": moment, "actor": text, "details": json})
RESOLUTION = Shape(
    "Resolution",
    {
        "root_cause": text,
        "fix_applied": text,
        "prevention_added": text,
        "resolver": text,
        "resolved_at": moment,
        "resolution_minutes": decimal,
    },
)
WHY = Shape("Why", {"number": integer, "question": text, "answer": text})
SUGGESTIONS = Shape(
    "Suggestions",
    {
        "shacl_additions": texts,
        "test_additions": texts,
        "template_improvements": texts,
        "dependency_pins": json,
    },
)
ISSUE = Shape(
    "Issue",
    {
        "severity": concept("IssueSeverity"),
        "task": concept("Task"),
        "location": text,
        "description": text,
        "detected_at": moment,
    },
)
TASK = Shape(
    "TaskResult",
    {"task": concept("Task"), "status": concept("Outcome"), "duration_ms": integer, "details": json},
    parts={"issues": Part("issue", ISSUE)},
)

WORK_ORDER = Shape(
    "WorkOrder",
    _RECORD
    | _MADE
    | {
        "work_order_id": text,
        "title": text,
        "description": text,
        "bucket": concept("Bucket"),
        "priority": integer,
        "status": concept("WorkOrderStatus"),
        "queue_key": text,
        "labels": texts,
        "metadata": json,
        "due_on": moment,
        "sla_deadline": moment,
        "started_at": moment,
        "completed_at": moment,
        "cancelled_at": moment,
        "cancellation_reason": text,
        "sku_id": text,
        "sla_andon_id": text,
    },
    {"depends_on": ("dependsOn", "work_order"), "sla_andon_id": ("slaAndon", "andon_event")},
    {"pull_signal": Part("signal", SIGNAL)},
)
SKU = Shape(
    "Sku",
    _RECORD
    | _MADE
    | {
        "sku_id": text,
        "work_order_id": text,
        "status": concept("SkuStatus"),
        "current_stage": _STAGE,
        "receipt_count": integer,
        "head": text,
        "completed_at": moment,
        "published_at": moment,
        "marketplace_url": uri,
        "ended_at": moment,
        "end_reason": text,
        "metadata": json,
    },
    {"work_order_id": ("workOrder", "work_order")},
    {"history": Part("visit", VISIT)},
)
RECEIPT = Shape(
    "Receipt",
    _RECORD
    | {
        "receipt_id": text,
        "sku_id": text,
        "work_order_id": text,
        "sequence": integer,
        "stage": _STAGE,
        "status": concept("ReceiptStatus"),
        "timestamp": moment,
        "actor": text,
        "metrics": json,
        "evidence": json,
        "duration_ms": integer,
        "previous": text,
    },
    {"sku_id": ("sku", "sku"), "work_order_id": ("workOrder", "work_order")},
    {"artifacts": Part("artifact", ARTIFACT)},
)
ANDON = Shape(
    "AndonEvent",
    _RECORD
    | {
        "andon_id": text,
        "sku_id": text,
        "work_order_id": text,
        "stage": _STAGE,
        "failure_type": concept("FailureType"),
        "severity": concept("Severity"),
        "status": concept("AndonStatus"),
        "details": json,
        "created_at": moment,
        "created_by": text,
        "occurrences": integer,
        "last_occurrence_at": moment,
        "investigating_at": moment,
        "investigator": text,
        "escalation_level": integer,
        "escalated_at": moment,
        "timed_out_at": moment,
    },
    {"sku_id": ("sku", "sku"), "work_order_id": ("workOrder", "work_order")},
    {"occurrence_log": Part("occurrence", OCCURRENCE), "resolution": Part("resolution", RESOLUTION)},
)
ANALYSIS = Shape(
    "RootCauseAnalysis",
    _RECORD
    | {
        "analysis_id": text,
        "andon_id": text,
        "problem": text,
        "root_cause": text,
        "prevention_action": text,
        "status": concept("AnalysisStatus"),
        "created_at": moment,
        "updated_at": moment,
        "finalized_at": moment,
        "duration_ms": integer,
        "actor": text,
    },
    {"andon_id": ("andon", "andon_event")},
    {"whys": Part("why", WHY), "suggestions": Part("suggestions", SUGGESTIONS)},
)
IMPROVEMENT = Shape(
    "Improvement",
    _RECORD
    | {
        "improvement_id": text,
        "waste_type": concept("WasteType"),
        "stage": _STAGE,
        "root_cause": text,
        "description": text,
        "weekly_waste_hours": decimal,
        "expected_saving_hours": decimal,
        "effort": concept("Effort"),
        "effort_hours": integer,
        "roi": decimal,
        "waste_ratio": decimal,
        "status": concept("ImprovementStatus"),
        "created_at": moment,
        "applied_at": moment,
        "measured_at": moment,
        "changes": text,
        "before_waste_hours": decimal,
        "after_waste_hours": decimal,
        "actual_benefit_hours": decimal,
        "rejection_reason": text,
    },
)
TPM_RUN = Shape(
    "MaintenanceRun",
    _RECORD
    | {
        "tpm_run_id": text,
        "frequency": concept("Frequency"),
        "started_at": moment,
        "finished_at": moment,
        "status": concept("Outcome"),
        "score": decimal,
        "actor": text,
    },
    parts={"tasks": Part("task", TASK)},
)
POLICY = Shape(
    "Policy", _RECORD | {"policy_id": text}, parts={"settings": Part("setting", SETTING, named=True)}
)

SHAPES: dict[str, Shape] = {
    "work_order": WORK_ORDER,
    "sku": SKU,
    "receipt": RECEIPT,
    "andon_event": ANDON,
    "policy": POLICY,
    "analysis": ANALYSIS,
    "improvement": IMPROVEMENT,
    "tpm_run": TPM_RUN,
}
"""By the kind of record."""
DERIVED = (
    "digest",
    "agent",
    "hasStage",
    "latestReceipt",
    "previousReceipt",
    "run",
    "gateEvaluation",
    "position",
)
"""Properties that no field of their own has."""

_COUNT, _RATE, _TRUTH, _TEXT = (int,), (int, float), (bool,), (str,)
_METRICS: dict[tuple[type, ...], tuple[str, ...]] = {
    _COUNT: (
        "shacl_violations",
        "compile_errors",
        "compile_warnings",
        "tests_total",
        "tests_passed",
        "tests_failed",
        "tests_skipped",
        "security_findings_critical",
        "security_findings_high",
        "security_findings_medium",
        "security_findings_low",
        "nondeterminism_findings_high",
        "artifact_size",
        "sbom_components",
        "dependencies_unpinned",
        "licenses_violating",
        "smoke_total",
        "smoke_failed",
    ),
    _RATE: ("test_pass_rate", "line_coverage", "first_pass_yield", "defect_rate", "gate_pass_rate"),
    _TRUTH: ("shacl_conforms", "entitlement_active", "health_check_passed"),
    _TEXT: (
        "build_hash_1",
        "build_hash_2",
        "artifact_sha256",
        "listing_name",
        "listing_category",
        "listing_author",
        "listing_license",
        "listing_description",
        "listing_version",
        "listing_repository_url",
    ),
}
_WRITERS: dict[tuple[type, ...], Callable[[Any], str]] = {
    _COUNT: integer,
    _RATE: decimal,
    _TRUTH: boolean,
    _TEXT: text,
}
METRICS: dict[str, tuple[tuple[type, ...], str, Callable[[Any], str]]] = {
    name: (types, f"{term(camel(name))} ", _WRITERS[types])
    for types, names in _METRICS.items()
    for name in names
}
"""The metrics of the gates (domain 9) with a property of their own: the types that a value may have,
the beginning of the statement, how it is written. What is none of these stays in the JSON of `metrics`."""
