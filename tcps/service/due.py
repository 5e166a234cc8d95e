"""Use cases that time makes due: Andons of orders that are too late, escalations and timeouts of Andons.

Each change is an entry of its own, all of them under one sync, so that no number of them is too large.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from tcps.model import AndonEvent, Bucket, Json, SlaStatus, Timestamp, from_ms, to_ms
from tcps.rules import escalation
from tcps.rules.sla_check import sla_check
from tcps.rules.state import State
from tcps.service import views
from tcps.service.trial import transaction
from tcps.store import Store, filters


def andons(store: Store, dry_run: bool = False) -> list[Json]:
    """Both: the Andons that were raised, escalated or timed out, as they are now."""
    return [*check_slas(store, dry_run)["andons"], *sweep(store, dry_run)["andons"]]


def check_slas(store: Store, dry_run: bool = False) -> Json:
    """Raise the Andon of every order that is too late for its bucket, one an order ever (domain 5).

    Gives the orders that are `breached`, and the `andons` that were raised.
    """
    with _together(store, dry_run):
        with store.view() as view:
            late = filters.work_orders(statuses=filters.OPEN_ORDERS, sla=SlaStatus.BREACHED, now=view.now)
            breached = [_breach(*row, now=view.now) for row in view.deadlines(late)]
            due = view.ids("work_order", filters.alarming(view.now))
        raised = _changed(store, "work_order.sla_check", sla_check, due)
    return {"breached": breached, "andons": raised}


def sweep(store: Store, dry_run: bool = False) -> Json:
    """Escalate and time out every open Andon that is due (domain 10.2).

    Gives the `andons` that were changed, and the ids of all that are `timed_out` and not resolved.
    """
    with _together(store, dry_run):
        with store.view() as view:
            due = view.ids("andon_event", filters.neglected(view.now))
        changed = _changed(store, "andon.sweep", escalation.sweep, due)
        with store.view() as view:
            timed_out = view.ids("andon_event", filters.timed_out())
    return {"andons": changed, "timed_out": timed_out}


def _together(store: Store, dry_run: bool) -> AbstractContextManager[Any]:
    """One sync for all that follows, or a trial of it."""
    return transaction(store, "trial", dry_run=True) if dry_run else store.batch()


def _changed(
    store: Store, action: str, rule: Callable[[State, str], AndonEvent | None], ids: list[str]
) -> list[Json]:
    """What the rule makes of each of the records, one transaction each."""
    events = []
    for record_id in ids:
        with store.transaction(action) as draft:
            event = rule(draft, record_id)
        if event is not None:
            events.append(views.andon(event))
    return events


def _breach(order_id: str, bucket: Bucket, deadline: int, andon_id: str | None, now: Timestamp) -> Json:
    return {
        "work_order_id": order_id,
        "bucket": bucket,
        "sla_deadline": from_ms(deadline),
        "overdue_ms": to_ms(now) - deadline,
        "sla_andon_id": andon_id,
    }
