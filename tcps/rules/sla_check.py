"""The check of deadlines (domain 5, sla_check): an order that is too late stops the line, once."""

from msgspec.structs import replace

from tcps.model import HOUR_MS, AndonEvent, Bucket, FailureType, WorkOrder
from tcps.rules import andon, sla
from tcps.rules.state import State, found

_OTHERS_MS = 48 * HOUR_MS + 1
ALARM_MS = dict.fromkeys(Bucket, _OTHERS_MS) | {Bucket.SECURITY: 0, Bucket.RELIABILITY: 24 * HOUR_MS + 1}
"""How late an order must be for its Andon, in milliseconds after its deadline: at any breach, or later
than the hours that its bucket is given."""


def sla_check(state: State, work_order_id: str) -> AndonEvent | None:
    """Trigger the order's only `sla_breach` Andon if it is due; None when it is not, or was before."""
    order = found(state, WorkOrder, work_order_id)
    remaining = sla.remaining_ms(order, state.now)
    if order.sla_andon_id is not None or remaining is None or -remaining < ALARM_MS[order.bucket]:
        return None
    on_the_line = [sku.id for sku in state.skus_of(order.id) if sku.status.active]
    event = andon.trigger(
        state,
        sku_id=on_the_line[-1] if on_the_line else order.id,
        failure_type=FailureType.SLA_BREACH,
        work_order_id=order.id,
        details={"bucket": order.bucket.value, "sla_deadline": order.sla_deadline, "overdue_ms": -remaining},
    )
    state.put(replace(order, sla_andon_id=event.id, updated_at=state.now))
    return event
