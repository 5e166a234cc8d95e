"""A period as the tests of Kaizen make it up: what `rules.past.Past` asks for, given by hand."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tcps.model import (
    STAGES,
    AndonEvent,
    FailureType,
    Json,
    Period,
    Receipt,
    Resolution,
    Severity,
    Stage,
    last_days,
)
from tcps.rules.past import Finished, Found, Runs
from tests.conftest import START

HOUR = 3_600_000
WEEK = last_days(7, START)
NONE = Found(0, 0, ())


class MadeUp(NamedTuple):
    """What happened in a period."""

    period: Period = WEEK
    done: Finished = Finished(0, 0, 0, 0)
    raised: int = 0
    stages: Sequence[Runs] = ()
    compiled: Sequence[int] = ()
    failed: Found = NONE
    manual: Found = NONE
    receipts: Sequence[Receipt] = ()
    causes: Sequence[str] = ()

    def finished(self) -> Finished:
        return self.done

    def defects(self) -> int:
        return self.raised

    def andons(self) -> int:
        return 0

    def completed(self) -> int:
        return 0

    def runs(self) -> tuple[Runs, ...]:
        return tuple(self.stages)

    def slow(self, stage: Stage, over_ms: int) -> Found:
        assert stage is Stage.COMPILATION
        longer = [ms for ms in self.compiled if ms > over_ms]
        return Found(len(longer), sum(longer), tuple(f"RCPT-{n}" for n in range(1, len(longer) + 1))[:5])

    def failures(self) -> Found:
        return self.failed

    def by_hand(self) -> Found:
        return self.manual

    def receipts_of(self, stage: Stage) -> Found:
        (runs,) = [runs for runs in self.stages if runs.stage is stage]
        return Found(runs.total, runs.duration_ms, (f"RCPT-{stage.number}",))

    def tested(self) -> Iterator[Receipt]:
        return iter(self.receipts)

    def resolved(self) -> Iterator[AndonEvent]:
        return (resolved(n, cause) for n, cause in enumerate(self.causes, start=1))


def stage_runs(passed: int = 0, failed: int = 0, warned: int = 0, hours: float = 0, at: int = 2) -> Runs:
    """Receipts of one stage that took so many hours in all."""
    return Runs(STAGES[at - 1], passed, failed, warned, hours * HOUR)


def naming(tests: object, revision: object = None, sku_id: str = "a") -> Receipt:
    """A receipt whose evidence names tests."""
    evidence: Json = {"tests": tests} | ({} if revision is None else {"source_revision": revision})
    return Receipt(receipt_id="RCPT-1", sku_id=sku_id, stage=Stage.TEST_EXECUTION, evidence=evidence)


def outcomes(**named: str) -> list[Json]:
    """Tests with their outcomes."""
    return [{"name": name, "outcome": outcome} for name, outcome in named.items()]


def resolved(n: int, root_cause: str) -> AndonEvent:
    """An Andon that ended with a root cause."""
    return AndonEvent(
        andon_id=f"ANDON-{n}",
        sku_id="a",
        stage=Stage.COMPILATION,
        failure_type=FailureType.COMPILATION_FAILURE,
        severity=Severity.CRITICAL,
        resolution=Resolution(root_cause=root_cause, fix_applied="a", prevention_added="b"),
    )
