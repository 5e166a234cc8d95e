"""The closed vocabularies of production (domain 3): exact values, input aliases, fixed tables."""

from enum import StrEnum
from typing import NamedTuple, TypeVar

from tcps.errors import InvalidInput


class Stage(StrEnum):
    """The ten stages, in order; none is skipped or revisited (domain 3.1)."""

    SHACL_VALIDATION = "shacl_validation"
    COMPILATION = "compilation"
    TEST_EXECUTION = "test_execution"
    SECURITY_SCAN = "security_scan"
    DETERMINISTIC_BUILD = "deterministic_build"
    QUALITY_METRICS = "quality_metrics"
    RELEASE_VERIFICATION = "release_verification"
    SMOKE_TEST = "smoke_test"
    MARKETPLACE_VALIDATION = "marketplace_validation"
    PUBLICATION = "publication"

    @property
    def number(self) -> int:
        """1 for the first stage, 10 for the last."""
        return STAGES.index(self) + 1

    @property
    def following(self) -> "Stage | None":
        """The next stage, or None after publication."""
        return STAGES[self.number] if self.number < len(STAGES) else None


STAGES = tuple(Stage)


class Bucket(StrEnum):
    """The six categories of work, in their fixed order (domain 3.2)."""

    RELIABILITY = "reliability"
    SECURITY = "security"
    COST = "cost"
    COMPLIANCE = "compliance"
    FEATURES = "features"
    TECHNICAL_DEBT = "technical_debt"


class BucketRules(NamedTuple):
    """What a bucket carries: hours to its deadline (None: none), WIP limit, priorities."""

    sla_hours: int | None
    wip_limit: int
    lowest: int
    highest: int
    fallback: int


BUCKETS = {
    Bucket.RELIABILITY: BucketRules(168, 5, 5, 9, 6),
    Bucket.SECURITY: BucketRules(24, 5, 8, 10, 8),
    Bucket.COST: BucketRules(720, 5, 3, 7, 5),
    Bucket.COMPLIANCE: BucketRules(168, 5, 4, 8, 6),
    Bucket.FEATURES: BucketRules(720, 10, 2, 6, 4),
    Bucket.TECHNICAL_DEBT: BucketRules(None, 5, 1, 4, 3),
}


class WorkOrderStatus(StrEnum):
    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    BLOCKED = "blocked"
    COMPLETED = "completed"
    CANCELLED = "cancelled"

    @property
    def terminal(self) -> bool:
        """Whether nothing more can happen to the order."""
        return self in (WorkOrderStatus.COMPLETED, WorkOrderStatus.CANCELLED)


class SlaStatus(StrEnum):
    ON_TIME = "on_time"
    WARNING = "warning"
    BREACHED = "breached"


class SkuStatus(StrEnum):
    IN_PRODUCTION = "in_production"
    COMPLETED = "completed"
    PUBLISHED = "published"
    FAILED = "failed"
    ABORTED = "aborted"

    @property
    def active(self) -> bool:
        """Whether the SKU is still on the line: in production, or completed and not yet published."""
        return self in (SkuStatus.IN_PRODUCTION, SkuStatus.COMPLETED)


class ReceiptStatus(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    WARNING = "warning"


class AndonStatus(StrEnum):
    OPEN = "open"
    INVESTIGATING = "investigating"
    RESOLVED = "resolved"


class AnalysisStatus(StrEnum):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    FINALIZED = "finalized"


class WasteType(StrEnum):
    COMPILATION_SLOW = "compilation_slow"
    FLAKY_TEST = "flaky_test"
    MANUAL_INTERVENTION = "manual_intervention"
    REPEAT_ANDON = "repeat_andon"
    LONG_LEAD_TIME = "long_lead_time"
    EXCESSIVE_REWORK = "excessive_rework"


class Effort(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class ImprovementStatus(StrEnum):
    PROPOSED = "proposed"
    MEASURING = "measuring"
    APPLIED = "applied"
    REJECTED = "rejected"


class Severity(StrEnum):
    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for critical, 3 for low: the smaller, the more urgent."""
        return list(Severity).index(self)


class SignalType(StrEnum):
    GITHUB_ISSUE = "github_issue"
    GITHUB_PR = "github_pr"
    CVE = "cve"
    MARKETPLACE_INSTALL = "marketplace_install"
    MARKETPLACE_REFUND = "marketplace_refund"
    INTERNAL_REQUEST = "internal_request"


class FailureType(StrEnum):
    SHACL_VIOLATION = "shacl_violation"
    COMPILATION_FAILURE = "compilation_failure"
    TEST_FAILURE = "test_failure"
    LOW_COVERAGE = "low_coverage"
    SECURITY_VULNERABILITY = "security_vulnerability"
    NON_DETERMINISM = "non_determinism"
    QUALITY_GATE_FAILURE = "quality_gate_failure"
    RELEASE_FAILURE = "release_failure"
    MISSING_RECEIPT = "missing_receipt"
    SMOKE_TEST_FAILURE = "smoke_test_failure"
    PUBLICATION_FAILURE = "publication_failure"
    SLA_BREACH = "sla_breach"


FAILURES = {
    FailureType.SHACL_VIOLATION: (Severity.CRITICAL, Stage.SHACL_VALIDATION),
    FailureType.COMPILATION_FAILURE: (Severity.CRITICAL, Stage.COMPILATION),
    FailureType.TEST_FAILURE: (Severity.HIGH, Stage.TEST_EXECUTION),
    FailureType.LOW_COVERAGE: (Severity.MEDIUM, Stage.TEST_EXECUTION),
    FailureType.SECURITY_VULNERABILITY: (Severity.CRITICAL, Stage.SECURITY_SCAN),
    FailureType.NON_DETERMINISM: (Severity.CRITICAL, Stage.DETERMINISTIC_BUILD),
    FailureType.QUALITY_GATE_FAILURE: (Severity.HIGH, Stage.QUALITY_METRICS),
    FailureType.RELEASE_FAILURE: (Severity.HIGH, Stage.RELEASE_VERIFICATION),
    FailureType.MISSING_RECEIPT: (Severity.HIGH, Stage.RELEASE_VERIFICATION),
    FailureType.SMOKE_TEST_FAILURE: (Severity.HIGH, Stage.SMOKE_TEST),
    FailureType.PUBLICATION_FAILURE: (Severity.HIGH, Stage.PUBLICATION),
    FailureType.SLA_BREACH: (Severity.HIGH, Stage.PUBLICATION),
}
"""Default severity and default stage of each failure type (domain 10.1)."""

_ALIASES: dict[type[StrEnum], dict[str, str]] = {
    Stage: {
        "shacl": "shacl_validation",
        "validation": "shacl_validation",
        "compile": "compilation",
        "build": "compilation",
        "test": "test_execution",
        "testing": "test_execution",
        "security": "security_scan",
        "deterministic": "deterministic_build",
        "quality": "quality_metrics",
        "release": "release_verification",
        "integration": "release_verification",
        "smoke": "smoke_test",
        "execution": "smoke_test",
        "validate": "marketplace_validation",
        "deploy": "publication",
        "deployment": "publication",
        "publish": "publication",
    },
    Bucket: {"feature": "features", "debt": "technical_debt"},
    ReceiptStatus: {"passed": "pass", "failed": "fail"},
    Severity: {"major": "high", "warning": "high", "minor": "low"},
    FailureType: {
        "compilation_error": "compilation_failure",
        "insufficient_coverage": "low_coverage",
        "coverage_below_threshold": "low_coverage",
        "non_deterministic_build": "non_determinism",
        "performance_regression": "quality_gate_failure",
        "endpoint_failure": "publication_failure",
        "entitlement_failure": "publication_failure",
    },
}


class _Name(NamedTuple):
    """How an enum is called in a message and as a field, and the code of a value that is none of it."""

    words: str
    field: str
    code: str


_NAMES: dict[type[StrEnum], _Name] = {
    Stage: _Name("stage", "stage", "invalid_stage"),
    Bucket: _Name("bucket", "bucket", "invalid_bucket"),
    WorkOrderStatus: _Name("work order status", "status", "invalid_status"),
    SkuStatus: _Name("SKU status", "status", "invalid_status"),
    ReceiptStatus: _Name("receipt status", "status", "invalid_status"),
    AndonStatus: _Name("Andon status", "status", "invalid_status"),
    ImprovementStatus: _Name("improvement status", "status", "invalid_status"),
    AnalysisStatus: _Name("analysis status", "status", "invalid_status"),
    Severity: _Name("severity", "severity", "invalid_severity"),
    FailureType: _Name("failure type", "failure_type", "invalid_failure_type"),
    SlaStatus: _Name("SLA status", "sla_status", "invalid_status"),
    SignalType: _Name("pull signal type", "type", "invalid_signal"),
}

E = TypeVar("E", bound=StrEnum)


def parse_enum(enum: type[E], text: object) -> E:
    """The member that `text` names: any case, `-` or space for `_`, aliases (domain 2).

    Raises InvalidInput with the enum's own code, naming every allowed value.
    """
    if isinstance(text, str):
        word = text.strip().lower().replace("-", "_").replace(" ", "_")
        word = _ALIASES.get(enum, {}).get(word, word)
        if word in enum.__members__.values():
            return enum(word)
    name = _NAMES[enum]
    raise InvalidInput(
        f"{shown(text)} is not a {name.words}",
        code=name.code,
        hint=f"one of: {', '.join(enum)}",
        details={"fields": [name.field], "allowed": list(enum)},
    )


PRIORITY_NAMES = {"emergency": 10, "critical": 9, "high": 7, "medium": 5, "low": 3}


def parse_priority(value: object) -> int:
    """A priority 1..10 from a number, its digits, or a name (domain 3.3); 10 is the most urgent."""
    number = _priority_of(value.strip().lower()) if isinstance(value, str) else value
    if isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= 10:
        return number
    raise InvalidInput(
        f"priority {shown(value)} is not one of 1..10",
        code="invalid_priority",
        hint="10 is the most urgent; or emergency, critical, high, medium, low",
        details={"fields": ["priority"]},
    )


def _priority_of(word: str) -> int | None:
    digits = word.isascii() and word.isdigit() and len(word) < 4
    return int(word) if digits else PRIORITY_NAMES.get(word)


def shown(value: object) -> str:
    """A value quoted for a one-line message: escaped, and cut if very long."""
    try:
        text = repr(value) if isinstance(value, str) else str(value)
    except ValueError:  # an integer of more digits than Python writes
        return f"a value of type {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:60]}… ({len(text)} characters)"


def brief(value: object) -> str:
    """A measured value for a person: fractions to six digits, anything else as `shown` has it."""
    return shown(float(f"{value:.6g}") if isinstance(value, float) else value)
