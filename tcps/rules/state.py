"""What a rule may see and change: the workspace of one transaction."""

from typing import Protocol, TypeVar

from tcps.errors import Refused, not_found
from tcps.model import (
    Analysis,
    AndonEvent,
    Bucket,
    Improvement,
    Period,
    Policy,
    Receipt,
    Record,
    Sku,
    Stage,
    Timestamp,
    WorkOrder,
)
from tcps.model.text import checked_id
from tcps.rules.chain import Verdict
from tcps.rules.heijunka import Lane, Recent
from tcps.rules.past import Past

R = TypeVar("R", bound=Record)


class Production(Protocol):
    """Production as it is at one moment: what a rule may read."""

    @property
    def store_id(self) -> str:
        """The random id of the store."""

    @property
    def now(self) -> Timestamp:
        """The moment of the transaction."""

    @property
    def actor(self) -> str:
        """Who acts."""

    def get(self, kind: type[R], record_id: str) -> R | None:
        """The record, or None."""

    def policy(self) -> Policy:
        """The settings that differ from their defaults."""

    def wip(self, bucket: Bucket) -> int:
        """How many of the bucket's orders are in progress."""

    def queue(self, bucket: Bucket) -> tuple[str, ...]:
        """The ids of the bucket's queue, head first."""

    def lanes(self) -> dict[Bucket, Lane]:
        """How many orders are queued in each bucket that has any, and the head of its queue."""

    def recent(self) -> Recent:
        """The bucket of the most recent start, and how many starts in a row were in it."""

    def first_below(self, bucket: Bucket, priority: int) -> str | None:
        """The queue key of the first queued order of strictly lower priority."""

    def blocked_on(self, work_order_id: str) -> tuple[str, ...]:
        """The ids of the blocked orders that depend on this one."""

    def depending_on(self, work_order_id: str) -> tuple[str, ...]:
        """The ids of all orders that have an edge to this one."""

    def order_of_source(self, key: str) -> str | None:
        """The id of the order that has this source key."""

    def skus_of(self, work_order_id: str) -> tuple[Sku, ...]:
        """The order's SKUs, oldest first."""

    def sku_id_in_use(self, sku_id: str) -> str | None:
        """The id in use that is equal to this one but for case."""

    def newest_receipt(self, sku_id: str, stage: Stage) -> Receipt | None:
        """The SKU's last receipt of the stage."""

    def verdict(self, sku_id: str) -> Verdict:
        """The SKU's chain, checked against the ledger now."""

    def open_andons(self, sku_id: str) -> tuple[AndonEvent, ...]:
        """The SKU's Andons that are not resolved, oldest first."""

    def analyses_of(self, andon_id: str) -> tuple[Analysis, ...]:
        """The root-cause analyses of an Andon, oldest first."""

    def improvements(self) -> tuple[Improvement, ...]:
        """Every improvement, oldest first."""

    def past(self, period: Period) -> Past:
        """What happened in a period."""


class State(Production, Protocol):
    """The workspace of one transaction: production with the transaction's own changes in it."""

    def put(self, record: R) -> R:
        """Take a new or changed record; gives it with the revision that it will have."""

    def remove(self, record: Record) -> None:
        """Delete the record."""

    def next_id(self, kind: str) -> str:
        """The next id of the kind's counter, which it uses up if the transaction commits."""

    def next_ticket(self) -> str:
        """A text that sorts after every earlier ticket of the store."""


def found(state: Production, kind: type[R], record_id: str) -> R:
    """The record, else `not_found`; `invalid_id` when it could not be one."""
    record = state.get(kind, checked_id(kind.id_field, record_id))
    if record is None:
        raise not_found(kind.kind, record_id)
    return record


def wrong_status(
    record: WorkOrder | Sku | AndonEvent | Improvement, operation: str, phrase: str = ""
) -> Refused:
    """The refusal of an operation that the record's status does not allow (`invalid_transition`).

    `operation` is the domain's word for it; `phrase` says it in a sentence where the word does not.
    """
    return Refused(
        f"cannot {phrase or operation} {record.id}: it is {record.status.replace('_', ' ')}",
        details={"id": record.id, "status": record.status, "operation": operation},
    )
