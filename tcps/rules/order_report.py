"""The report on the work orders that were created in a period (domain 5, report); exact, not rounded."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from tcps.model import HOUR_MS, Bucket, Period, WorkOrderStatus

_TOP = 10


class OrderFacts(NamedTuple):
    """What the report looks at of a work order; times in milliseconds."""

    work_order_id: str
    bucket: Bucket
    status: WorkOrderStatus
    priority: int
    created: int
    deadline: int | None
    completed: int | None


class OrderReport(NamedTuple):
    """The report; `sla_compliance_rate` is in percent, `throughput` per day, lead times in hours."""

    total_work_orders: int
    by_bucket: dict[Bucket, int]
    by_status: dict[WorkOrderStatus, int]
    completed: int
    cancelled: int
    average_lead_time: float
    sla_compliance_rate: float
    top_priorities: list[OrderFacts]
    throughput: float
    work_in_progress: int
    queue_depth_by_bucket: dict[Bucket, int]


def order_report(orders: Iterable[OrderFacts], period: Period) -> OrderReport:
    """The report on orders of the period, as they are now."""
    found = list(orders)
    by_status = Counter(order.status for order in found)
    lead_times = [order.completed - order.created for order in found if order.completed is not None]
    due = [(order.completed, order.deadline) for order in found if order.completed is not None]
    kept = [completed < deadline for completed, deadline in due if deadline is not None]
    open_ = [order for order in found if not order.status.terminal]
    queued = Counter(order.bucket for order in found if order.status is WorkOrderStatus.QUEUED)
    by_bucket = Counter(order.bucket for order in found)
    return OrderReport(
        total_work_orders=len(found),
        by_bucket={bucket: by_bucket[bucket] for bucket in Bucket},
        by_status={status: by_status[status] for status in WorkOrderStatus},
        completed=by_status[WorkOrderStatus.COMPLETED],
        cancelled=by_status[WorkOrderStatus.CANCELLED],
        average_lead_time=sum(lead_times) / len(lead_times) / HOUR_MS if lead_times else 0.0,
        sla_compliance_rate=100 * sum(kept) / len(kept) if kept else 100.0,
        top_priorities=sorted(open_, key=lambda order: (-order.priority, order.created))[:_TOP],
        throughput=by_status[WorkOrderStatus.COMPLETED] / period.days,
        work_in_progress=by_status[WorkOrderStatus.IN_PROGRESS],
        queue_depth_by_bucket={bucket: queued[bucket] for bucket in Bucket},
    )
