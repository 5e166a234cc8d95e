"""Use cases of Andons: stop the line, look, resolve, ask whether a SKU may go on."""

from collections.abc import Iterator, Sequence
from typing import Any

from tcps.model import AndonEvent, AndonStatus, Json, Severity, Sku, Stage, parse_enum
from tcps.model.text import checked_id, checked_object, clean
from tcps.rules import andon
from tcps.rules.state import found
from tcps.service import views
from tcps.store import Store, filters


def trigger(store: Store, *, details: object = None, message: str | None = None, **fields: Any) -> Json:
    """Stop the line for a SKU."""
    text = None if message is None else clean("message", message)
    merged = details if text is None else {**checked_object("details", details or {}), "message": text}
    with store.transaction("andon.trigger") as draft:
        return views.andon(andon.trigger(draft, details=merged, **fields))


def lists(
    store: Store,
    *,
    status: Sequence[str] = (),
    severity: Sequence[str] = (),
    sku: str | None = None,
    work_order: str | None = None,
    limit: int | None = None,
    everything: bool = False,
) -> Iterator[Json]:
    """The Andons that meet every filter, oldest first; without a status, those not resolved."""
    chosen = [parse_enum(AndonStatus, value) for value in status]
    where = filters.records(
        statuses=chosen or ([] if everything else filters.UNRESOLVED),
        severities=[parse_enum(Severity, value) for value in severity],
        sku_id=None if sku is None else checked_id("sku_id", sku),
        work_order_id=None if work_order is None else checked_id("work_order_id", work_order),
    )
    with store.view() as view:
        yield from (views.andon(event) for event in view.andon_events(where, limit))


def show(store: Store, andon_id: str) -> Json:
    """One Andon with the ids of its root-cause analyses."""
    with store.view() as view:
        event = views.andon(found(view, AndonEvent, andon_id))
        return event | {"analyses": [analysis.id for analysis in view.analyses_of(andon_id)]}


def investigate(store: Store, andon_id: str) -> Json:
    """Say that the actor looks into it."""
    with store.transaction("andon.investigate") as draft:
        return views.andon(andon.investigate(draft, andon_id))


def resolve(store: Store, andon_id: str, **texts: Any) -> Json:
    """End it, with its root cause, the fix and the prevention."""
    with store.transaction("andon.resolve") as draft:
        return views.andon(andon.resolve(draft, andon_id, **texts))


def check(store: Store, sku_id: str | None = None, stage: str | None = None) -> Json:
    """Whether a SKU (or, without one, every SKU) may go on, and the Andons that stop it.

    `known` is false for an id that neither a SKU nor an Andon has.
    """
    at = None if stage is None else parse_enum(Stage, stage)
    known = True
    with store.view() as view:
        if sku_id is not None:
            held = andon.blocking(view, checked_id("sku_id", sku_id), at)
            known = view.get(Sku, sku_id) is not None or bool(view.andons_of(sku_id))
        else:
            where = filters.records(statuses=filters.UNRESOLVED)
            events = view.andon_events(where, None)
            held = [event for event in events if at is None or event.stage.number <= at.number]
    return {
        "sku_id": sku_id,
        "stage": at,
        "known": known,
        "can_proceed": not held,
        "andons": [views.andon(event) for event in held],
    }
