"""How each kind of records is held: its order, and its secondary indexes with the store's own columns."""

from collections.abc import Callable, Hashable, Mapping
from functools import partial
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar

from tcps.model import (
    AndonEvent,
    AndonStatus,
    Bucket,
    Receipt,
    ReceiptStatus,
    Record,
    Severity,
    Sku,
    SkuStatus,
    Stage,
    WorkOrder,
    WorkOrderStatus,
    number_of,
    parse_enum,
    to_ms,
)
from tcps.model.text import checked_id
from tcps.store.tables.secondary import Entry

R = TypeVar("R", bound=Record)


def _as_it_is(value: Any) -> object:
    return value


class Indexed(NamedTuple):
    """A secondary index: the value that a record has in it, and how a value that is asked for is read.

    `column` is that of the store's own index, which has what `stored` gives for a value.
    """

    of: Callable[[Any], Hashable]
    read: Callable[[object], Any]
    column: str
    stored: Callable[[Any], object] = _as_it_is


class Plan(NamedTuple, Generic[R]):
    """One kind: `order` is the place of a record; `oldest` and `newest` sort so in the store's index."""

    kind: type[R]
    order: Callable[[Any], Entry]
    oldest: str
    newest: str
    indexes: Mapping[str, Indexed]


def _numbered(record: Record) -> Entry:
    return number_of(record.id, record.kind), record.id


def _made(sku: Sku) -> Entry:
    return to_ms(sku.created_at), sku.id


def _named(field: str, column: str = "") -> Indexed:
    return Indexed(attrgetter(field), partial(checked_id, field), column or field)


def _one_of(field: str, vocabulary: type[Any]) -> Indexed:
    return Indexed(attrgetter(field), partial(parse_enum, vocabulary), field)


def _staged(field: str) -> Indexed:
    return Indexed(attrgetter(field), partial(parse_enum, Stage), "stage", attrgetter("number"))


WORK_ORDERS = Plan(
    WorkOrder,
    _numbered,
    "n",
    "n DESC",
    {"status": _one_of("status", WorkOrderStatus), "bucket": _one_of("bucket", Bucket)},
)
SKUS = Plan(
    Sku,
    _made,
    "created, id",
    "created DESC, id DESC",
    {
        "status": _one_of("status", SkuStatus),
        "current_stage": _staged("current_stage"),
        "work_order_id": _named("work_order_id"),
    },
)
RECEIPTS = Plan(
    Receipt,
    _numbered,
    "n",
    "n DESC",
    {
        "sku_id": _named("sku_id"),
        "work_order_id": _named("work_order_id"),
        "stage": _staged("stage"),
        "status": _one_of("status", ReceiptStatus),
    },
)
ANDON_EVENTS = Plan(
    AndonEvent,
    _numbered,
    "n",
    "n DESC",
    {
        "sku_id": _named("sku_id"),
        "status": _one_of("status", AndonStatus),
        "severity": _one_of("severity", Severity),
        "stage": _staged("stage"),
    },
)
