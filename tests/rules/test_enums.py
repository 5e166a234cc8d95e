"""The closed vocabularies: values, aliases, fixed tables, priorities (domain 2 enum input, 3.3, 10.1)."""

from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcps.errors import InvalidInput
from tcps.model import (
    BUCKETS,
    FAILURES,
    STAGES,
    AnalysisStatus,
    AndonStatus,
    Bucket,
    Effort,
    FailureType,
    ImprovementStatus,
    ReceiptStatus,
    Severity,
    SignalType,
    SkuStatus,
    SlaStatus,
    Stage,
    WasteType,
    WorkOrderStatus,
    parse_enum,
    parse_priority,
)

VALUES: dict[type[StrEnum], str] = {
    Stage: "shacl_validation compilation test_execution security_scan deterministic_build quality_metrics"
    " release_verification smoke_test marketplace_validation publication",
    Bucket: "reliability security cost compliance features technical_debt",
    WorkOrderStatus: "queued in_progress blocked completed cancelled",
    SlaStatus: "on_time warning breached",
    SkuStatus: "in_production completed published failed aborted",
    ReceiptStatus: "pass fail warning",
    AndonStatus: "open investigating resolved",
    AnalysisStatus: "pending in_progress finalized",
    ImprovementStatus: "proposed measuring applied rejected",
    Severity: "critical high medium low",
    SignalType: "github_issue github_pr cve marketplace_install marketplace_refund internal_request",
    FailureType: "shacl_violation compilation_failure test_failure low_coverage security_vulnerability"
    " non_determinism quality_gate_failure release_failure missing_receipt smoke_test_failure"
    " publication_failure sla_breach",
}
ALIASES: list[tuple[type[StrEnum], str, str]] = [
    (Stage, "shacl_validation", "shacl validation"),
    (Stage, "compilation", "compile build"),
    (Stage, "test_execution", "test testing"),
    (Stage, "security_scan", "security"),
    (Stage, "deterministic_build", "deterministic"),
    (Stage, "quality_metrics", "quality"),
    (Stage, "release_verification", "release integration"),
    (Stage, "smoke_test", "smoke execution"),
    (Stage, "marketplace_validation", "validate"),
    (Stage, "publication", "deploy deployment publish"),
    (Bucket, "features", "feature"),
    (Bucket, "technical_debt", "debt"),
    (ReceiptStatus, "pass", "passed"),
    (ReceiptStatus, "fail", "failed"),
    (Severity, "high", "major warning"),
    (Severity, "low", "minor"),
    (FailureType, "compilation_failure", "compilation_error"),
    (FailureType, "low_coverage", "insufficient_coverage coverage_below_threshold"),
    (FailureType, "non_determinism", "non_deterministic_build"),
    (FailureType, "quality_gate_failure", "performance_regression"),
    (FailureType, "publication_failure", "endpoint_failure entitlement_failure"),
]
CODES: dict[type[StrEnum], tuple[str, str]] = {
    Stage: ("invalid_stage", "stage"),
    Bucket: ("invalid_bucket", "bucket"),
    WorkOrderStatus: ("invalid_status", "status"),
    SkuStatus: ("invalid_status", "status"),
    ReceiptStatus: ("invalid_status", "status"),
    AndonStatus: ("invalid_status", "status"),
    AnalysisStatus: ("invalid_status", "status"),
    ImprovementStatus: ("invalid_status", "status"),
    SlaStatus: ("invalid_status", "sla_status"),
    Severity: ("invalid_severity", "severity"),
    FailureType: ("invalid_failure_type", "failure_type"),
    SignalType: ("invalid_signal", "type"),
}


@pytest.mark.parametrize("enum", VALUES)
def test_an_enum_has_exactly_the_values_of_the_domain_in_their_order(enum: type[StrEnum]) -> None:
    assert list(enum) == VALUES[enum].split()


@pytest.mark.parametrize(("enum", "value", "aliases"), ALIASES)
def test_an_alias_is_read_as_its_value(enum: type[StrEnum], value: str, aliases: str) -> None:
    assert [parse_enum(enum, alias) for alias in aliases.split()] == [value] * len(aliases.split())


@given(st.sampled_from([(enum, value) for enum in VALUES for value in enum]), st.data())
def test_input_takes_any_case_and_hyphens_or_spaces_for_underscores(
    chosen: tuple[type[StrEnum], StrEnum], data: st.DataObject
) -> None:
    enum, value = chosen
    letters = [
        data.draw(st.sampled_from("_- " if letter == "_" else (letter, letter.upper()))) for letter in value
    ]
    assert parse_enum(enum, f" {''.join(letters)}\n") is value


@pytest.mark.parametrize("enum", CODES)
@pytest.mark.parametrize("text", ["", "nonsense", "pas s", None, True, 1, ["pass"]])
def test_anything_else_is_refused_with_the_enums_code_and_every_allowed_value(
    enum: type[StrEnum], text: object
) -> None:
    code, field = CODES[enum]
    with pytest.raises(InvalidInput) as caught:
        parse_enum(enum, text)
    assert caught.value.code == code
    assert caught.value.details == {"fields": [field], "allowed": list(enum)}


def test_waste_and_effort_have_their_values() -> None:
    assert list(Effort) == ["low", "medium", "high"]
    assert list(WasteType) == [
        *("compilation_slow", "flaky_test", "manual_intervention"),
        *("repeat_andon", "long_lead_time", "excessive_rework"),
    ]


def test_validation_is_the_first_stage_and_validate_the_ninth() -> None:
    """domain 3.1"""
    assert parse_enum(Stage, "validation").number == 1
    assert parse_enum(Stage, "validate").number == 9


def test_stages_are_numbered_from_one_to_ten_and_each_leads_to_the_next() -> None:
    """domain 3.1"""
    assert [stage.number for stage in STAGES] == list(range(1, 11))
    assert [stage.following for stage in STAGES] == [*STAGES[1:], None]


def test_every_bucket_has_its_sla_limit_and_priorities() -> None:
    """domain 3.2"""
    assert {bucket: tuple(rules) for bucket, rules in BUCKETS.items()} == {
        "reliability": (168, 5, 5, 9, 6),
        "security": (24, 5, 8, 10, 8),
        "cost": (720, 5, 3, 7, 5),
        "compliance": (168, 5, 4, 8, 6),
        "features": (720, 10, 2, 6, 4),
        "technical_debt": (None, 5, 1, 4, 3),
    }


def test_every_failure_type_has_its_default_severity_and_stage() -> None:
    assert FAILURES == {
        "shacl_violation": ("critical", "shacl_validation"),
        "compilation_failure": ("critical", "compilation"),
        "test_failure": ("high", "test_execution"),
        "low_coverage": ("medium", "test_execution"),
        "security_vulnerability": ("critical", "security_scan"),
        "non_determinism": ("critical", "deterministic_build"),
        "quality_gate_failure": ("high", "quality_metrics"),
        "release_failure": ("high", "release_verification"),
        "missing_receipt": ("high", "release_verification"),
        "smoke_test_failure": ("high", "smoke_test"),
        "publication_failure": ("high", "publication"),
        "sla_breach": ("high", "publication"),
    }


@pytest.mark.parametrize(
    ("given_as", "priority"),
    [
        (1, 1),
        (10, 10),
        ("7", 7),
        (" 10 ", 10),
        ("Emergency", 10),
        ("critical", 9),
        ("HIGH", 7),
        ("medium", 5),
        ("low", 3),
    ],
)
def test_a_priority_is_read_from_a_number_its_digits_or_a_name(given_as: object, priority: int) -> None:
    assert parse_priority(given_as) == priority


@pytest.mark.parametrize(
    "given_as",
    [0, 11, -1, 5.0, "5.0", "0", "11", "", "urgent", True, None, "٥", pytest.param(10**9999, id="huge")],
)
def test_any_other_priority_is_refused(given_as: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_priority(given_as)
    assert caught.value.code == "invalid_priority"
    assert caught.value.details["fields"] == ["priority"]
