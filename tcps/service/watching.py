"""Alerts and service objectives of a store, over the last thirty days (domain 13.3, 13.4)."""

from tcps.model import Json, Severity, SlaStatus, last_days
from tcps.rules import alerts, kanban, metrics, objectives
from tcps.service.metrics import DAYS, rounded
from tcps.store import View, filters


def alarms(view: View, compliance: float) -> list[Json]:
    """The alerts whose conditions hold now; `compliance` is that of maintenance."""
    past = view.past(last_days(DAYS, view.now))
    critical = filters.records(statuses=filters.UNRESOLVED, severities=[Severity.CRITICAL])
    rows = kanban.view(view.policy(), view.wip_by_bucket())["buckets"]
    facts = alerts.Facts(
        now=view.now,
        critical=list(view.andon_events(critical, None)),
        utilization={row["bucket"]: row["utilization"] for row in rows if row["limit"] is not None},
        late=[
            order_id for status in (SlaStatus.BREACHED, SlaStatus.WARNING) for order_id in _open(view, status)
        ],
        lead_times=past.lead_times(),
        runs=past.runs(),
        measured=metrics.measured(past),
        compliance=compliance,
    )
    return [
        alert._asdict() | {"details": {name: _shown(value) for name, value in alert.details.items()}}
        for alert in alerts.active(facts)
    ]


def objectives_met(view: View) -> list[Json]:
    """Every objective with its indicator and what is left of its budget."""
    past = view.past(last_days(DAYS, view.now))
    runs = past.runs()
    facts = objectives.Facts(
        lead_times=past.lead_times(),
        passed=sum(run.passed for run in runs),
        failed=sum(run.failed for run in runs),
        published=past.finished().published,
        undeployed=past.lost_at_publication(),
        resolutions=past.resolution_times(),
    )
    return [
        {name: _shown(value) for name, value in one._asdict().items()} | {"remaining": _shown(one.remaining)}
        for one in objectives.objectives(facts)
    ]


def _open(view: View, status: SlaStatus) -> list[str]:
    where = filters.work_orders(statuses=filters.OPEN_ORDERS, sla=status, now=view.now)
    return view.ids("work_order", where)


def _shown(value: object) -> object:
    return rounded(value, 4) if isinstance(value, float) else value
