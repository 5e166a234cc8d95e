"""What a period held, as the formulas of Kaizen ask for it (domain 12): counts, sums, a few examples.

Nothing is recorded for it: it is all in receipts, SKUs and Andons.
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from tcps.model import AndonEvent, Period, Receipt, Stage


class Runs(NamedTuple):
    """The receipts of one stage: how many passed, failed and warned, and their time in all."""

    stage: Stage
    passed: int
    failed: int
    warned: int
    duration_ms: float

    @property
    def total(self) -> int:
        """How many there are."""
        return self.passed + self.failed + self.warned


class Finished(NamedTuple):
    """The SKUs that were published or failed.

    `reworked` of them had a fail receipt or a defect Andon at any time. `lead_ms` is the time in all from
    the orders to the publications.
    """

    published: int
    failed: int
    reworked: int
    lead_ms: float

    @property
    def total(self) -> int:
        """How many there are."""
        return self.published + self.failed


class Found(NamedTuple):
    """Receipts of some kind: how many, their time in all, and the ids of the oldest."""

    total: int
    duration_ms: float
    ids: tuple[str, ...]


class Past(Protocol):
    """What happened in a period."""

    @property
    def period(self) -> Period:
        """Which period."""

    def finished(self) -> Finished:
        """The SKUs whose status became published or failed."""

    def defects(self) -> int:
        """How many defect Andons were raised: not an sla_breach, and of a known SKU."""

    def andons(self) -> int:
        """How many Andons were raised, of whatever kind."""

    def completed(self) -> int:
        """How many work orders were completed."""

    def runs(self) -> tuple[Runs, ...]:
        """The receipts of each stage that has any, in the order of stages."""

    def slow(self, stage: Stage, over_ms: int) -> Found:
        """The receipts of a stage that took longer."""

    def failures(self) -> Found:
        """The fail receipts."""

    def by_hand(self) -> Found:
        """The receipts that say `manual_intervention`."""

    def receipts_of(self, stage: Stage) -> Found:
        """The receipts of a stage."""

    def tested(self) -> Iterator[Receipt]:
        """The receipts that name tests, oldest first."""

    def resolved(self) -> Iterator[AndonEvent]:
        """The Andons that were raised in the period and are resolved, oldest first."""
