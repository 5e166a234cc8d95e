"""One run of one stage as its actor reports it (domain 8.1): what may be said, checked once."""

import msgspec
from msgspec.structs import replace

from tcps.canonical import line_bytes, plain
from tcps.errors import InvalidInput, invalid_field
from tcps.model import (
    NEVER,
    Artifact,
    Json,
    Part,
    ReceiptStatus,
    Stage,
    Timestamp,
    parse_enum,
    parse_timestamp,
    shown,
)
from tcps.model.text import ARTIFACTS, JSON_BYTES, URI, checked_object, clean, required

RUN_FIELDS = (
    "sku_id",
    "stage",
    "status",
    "metrics",
    "evidence",
    "artifacts",
    "duration_ms",
    "timestamp",
)
"""What the one who reports a run may say of it."""
REPORTS = "reports"
"""Evidence that the system writes: which metrics were read from reports, and what was given of them."""
_ARTIFACT_FIELDS = ("name", "sha256", "size", "uri")


class Run(Part, frozen=True, kw_only=True):
    """One run of one stage, as its actor reports it."""

    sku_id: str
    stage: Stage
    status: ReceiptStatus = ReceiptStatus.PASS
    metrics: Json = msgspec.field(default_factory=dict)
    evidence: Json = msgspec.field(default_factory=dict)
    artifacts: tuple[Artifact, ...] = ()
    duration_ms: int = 0
    timestamp: Timestamp | None = None
    assumed: Json = msgspec.field(default_factory=dict)
    """Metrics that hold where neither given nor read."""
    read: Json = msgspec.field(default_factory=dict)
    """Metrics that its reports say."""


def completed(run: Run) -> Run:
    """The run with all its metrics: what a report says stands, and what was given of it is kept beside it."""
    if not run.read:
        return replace(run, metrics={**run.assumed, **run.metrics})
    given = {name: run.metrics[name] for name in run.read if name in run.metrics}
    return replace(
        run,
        metrics={**run.assumed, **run.metrics, **run.read},
        evidence={**run.evidence, REPORTS: {"metrics": sorted(run.read), "given": given}},
    )


def given_beside(evidence: Json) -> Json:
    """What was given of the metrics that were read, from the evidence of a completed run or a receipt."""
    reports = evidence.get(REPORTS)
    given = reports.get("given") if isinstance(reports, dict) else None
    return given if isinstance(given, dict) else {}


def read_run(
    *,
    sku_id: str,
    stage: object,
    status: object = None,
    metrics: object = None,
    evidence: object = None,
    artifacts: object = (),
    duration_ms: object = 0,
    timestamp: object = None,
) -> Run:
    """A run from outside: every field checked, sizes too. Raises InvalidInput."""
    return Run(
        sku_id=sku_id,
        stage=parse_enum(Stage, stage),
        status=ReceiptStatus.PASS if status is None else parse_enum(ReceiptStatus, status),
        metrics=_bounded("metrics", metrics),
        evidence=_bounded("evidence", evidence),
        artifacts=_artifacts(artifacts),
        duration_ms=_whole("duration_ms", duration_ms, "milliseconds"),
        timestamp=None if timestamp in (None, NEVER) else parse_timestamp(timestamp),
    )


def _bounded(field: str, value: object) -> Json:
    checked = checked_object(field, {} if value is None else value)
    size = len(line_bytes(checked))
    if size > JSON_BYTES:
        raise invalid_field(field, f"takes {size} bytes; the limit is {JSON_BYTES}", "too_large")
    return checked


def _artifacts(values: object) -> tuple[Artifact, ...]:
    if not isinstance(values, list | tuple):
        raise invalid_field("artifacts", "must be a list")
    if len(values) > ARTIFACTS:
        raise invalid_field("artifacts", f"has {len(values)} entries; the limit is {ARTIFACTS}", "too_large")
    return tuple(_artifact(value) for value in values)


def _artifact(value: object) -> Artifact:
    given = plain(value) if isinstance(value, Artifact) else value
    if not isinstance(given, dict) or not {"name", "sha256", "size"} <= given.keys():
        raise invalid_field("artifacts", "must each have a name, a sha256 and a size")
    foreign = sorted(str(name) for name in given.keys() - set(_ARTIFACT_FIELDS))
    if foreign:
        raise InvalidInput(
            f"an artifact has no field {', '.join(foreign)}",
            details={"fields": [f"artifacts.{name}" for name in foreign]},
        )
    sha256, uri = given["sha256"], given.get("uri")
    if not isinstance(sha256, str) or len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
        raise invalid_field("artifacts.sha256", "must be 64 lower-case hex digits")
    return Artifact(
        name=required("artifacts.name", given["name"], "an artifact"),
        sha256=sha256,
        size=_whole("artifacts.size", given["size"], "bytes"),
        uri=None if uri is None else clean("artifacts.uri", uri, URI),
    )


def _whole(field: str, value: object, unit: str) -> int:
    """An integer of at least 0 that every JSON reader takes exactly."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise invalid_field(field, f"must be a whole number of {unit}, not {shown(value)}")
    return value
