"""The record of a maintenance run (domain 13.1): what was looked at, and what was found."""

from enum import StrEnum

import msgspec

from tcps.model.records import NEVER, Json, Part, Record
from tcps.model.time import DAY_MS, Timestamp


class Frequency(StrEnum):
    """How often a run is due; each also does what the shorter ones do."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"

    @property
    def interval_ms(self) -> int:
        """The time from one run to the next."""
        return _DAYS[self] * DAY_MS

    @property
    def covered(self) -> "tuple[Frequency, ...]":
        """This one and the shorter ones, the shortest first."""
        every = tuple(Frequency)
        return every[: every.index(self) + 1]


_DAYS = {Frequency.DAILY: 1, Frequency.WEEKLY: 7, Frequency.MONTHLY: 30, Frequency.QUARTERLY: 90}


class Task(StrEnum):
    """What is done, in the order in which it is done."""

    VERIFY_RECENT = "verify_recent"
    BACKUP_AGE = "backup_age"
    DISK_SPACE = "disk_space"
    ANDON_SWEEP = "andon_sweep"
    SLA_CHECK = "sla_check"
    VERIFY_ALL = "verify_all"
    BACKUP_VERIFY = "backup_verify"
    PRUNE_BACKUPS = "prune_backups"
    CHECKPOINT = "checkpoint"
    REBUILD_ONTOLOGY = "rebuild_ontology"
    AUDIT_PUBLISHED = "audit_published"


class Outcome(StrEnum):
    """How a task or a run ended."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


class IssueSeverity(StrEnum):
    """How bad an issue is."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for critical, 4 for info: the smaller, the worse."""
        return list(IssueSeverity).index(self)


class Issue(Part, frozen=True, kw_only=True):
    """One thing that is not as it should be, and where."""

    severity: IssueSeverity
    task: Task
    location: str
    description: str
    detected_at: Timestamp


class TaskResult(Part, frozen=True, kw_only=True):
    """What one task of a run did and found."""

    task: Task
    status: Outcome
    duration_ms: int = 0
    issues: tuple[Issue, ...] = ()
    details: Json = msgspec.field(default_factory=dict)


class TpmRun(Record, frozen=True, kw_only=True):
    """One run of maintenance; `score` is that of the system after it."""

    kind = "tpm_run"
    id_field = "tpm_run_id"

    tpm_run_id: str = ""
    frequency: Frequency
    started_at: Timestamp = NEVER
    finished_at: Timestamp = NEVER
    status: Outcome = Outcome.OK
    tasks: tuple[TaskResult, ...] = ()
    score: float = 100.0
    actor: str = ""
