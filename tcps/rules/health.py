"""Health (domain 13.2): what is wrong with the system, component by component; the whole is as the worst.

Here are the components that one command can look at; memory is that of a server.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from tcps.model import HOUR_MS, Bucket, IssueSeverity, Timestamp, to_ms
from tcps.rules.maintenance import Backups, Space, backup_issue, disk_issue

UNVERIFIED_MS = 48 * HOUR_MS
"""For how long a ledger may go without a verification."""
BEHIND_MS = 24 * HOUR_MS
"""For how long a graph that is kept may lack an entry."""


class Health(StrEnum):
    """How a component is, the best first."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


class Component(NamedTuple):
    """One part of the system, how it is, and why."""

    component: str
    status: Health
    detail: str


class Facts(NamedTuple):
    """What is known: `damage` of the newest verification, `verified_at` when that was.

    `store_trouble` and `index_trouble` say what is wrong with them. `graph` is whether a graph is kept,
    `lacking` when the oldest entry was made that it has not, `differed` whether the newest comparison
    found another one. `backups` is a text where nobody can say how old they are.
    """

    now: Timestamp
    created: Timestamp
    store_trouble: str | None
    index_trouble: str | None
    damage: Sequence[str]
    verified_at: Timestamp | None
    critical_andons: Sequence[str]
    over_limit: Sequence[Bucket]
    graph: bool
    lacking: Timestamp | None
    differed: bool
    backups: Backups | str
    space: Space
    compliance: float


def components(facts: Facts) -> list[Component]:
    """Every component."""
    judges = (_store, _ledger, _index, _andon, _kanban, _ontology, _backups, _disk, _tpm)
    return [judge(facts) for judge in judges]


def overall(found: Iterable[Component]) -> Health:
    """As the worst component."""
    ranks = list(Health)
    return max((one.status for one in found), key=ranks.index, default=Health.HEALTHY)


def _store(facts: Facts) -> Component:
    if facts.store_trouble is not None:
        return _bad("store", facts.store_trouble)
    return _good("store", "it can be read and written")


def _ledger(facts: Facts) -> Component:
    if facts.damage:
        return _bad("ledger", f"the newest verification found damage: {'; '.join(facts.damage)}")
    known_for = to_ms(facts.now) - to_ms(facts.verified_at or facts.created)
    if known_for > UNVERIFIED_MS:
        when = facts.verified_at or "never"
        return _worse("ledger", f"not verified by a maintenance run for 48 h (last: {when})")
    return _good("ledger", f"verified at {facts.verified_at}" if facts.verified_at else "not verified yet")


def _index(facts: Facts) -> Component:
    return (
        _good("index", "it is at the ledger's head")
        if facts.index_trouble is None
        else _worse("index", facts.index_trouble)
    )


def _andon(facts: Facts) -> Component:
    if facts.critical_andons:
        return _worse("andon", f"critical and not resolved: {', '.join(facts.critical_andons)}")
    return _good("andon", "none is critical")


def _kanban(facts: Facts) -> Component:
    if facts.over_limit:
        return _worse("kanban", f"above the WIP limit: {', '.join(facts.over_limit)}")
    return _good("kanban", "within the WIP limits")


def _ontology(facts: Facts) -> Component:
    if facts.differed:
        return _worse("ontology", "the newest comparison found another graph than the ledger gives")
    if not facts.graph:
        return _good("ontology", "no graph is kept: the next question makes one")
    if facts.lacking is None:
        return _good("ontology", "the graph is at the ledger's head")
    since = f"the graph lacks what was done since {facts.lacking}; tcps ontology stats brings it forward"
    late = to_ms(facts.now) - to_ms(facts.lacking) > BEHIND_MS
    return (_worse if late else _good)("ontology", since)


def _backups(facts: Facts) -> Component:
    backups = facts.backups
    if isinstance(backups, str):
        return _worse("backups", backups)
    found = (
        "there is no good one" if backups.newest is None else f"the newest good one is of {backups.newest}"
    )
    return (_good if backup_issue(backups, facts.now) is None else _worse)("backups", found)


def _disk(facts: Facts) -> Component:
    space = facts.space
    left = f"{space.free // 1024 // 1024} MiB ({space.share:.0%}) are free"
    match disk_issue(space):
        case IssueSeverity.CRITICAL:
            return _bad("disk", left)
        case IssueSeverity.HIGH:
            return _worse("disk", left)
        case _:
            return _good("disk", left)


def _tpm(facts: Facts) -> Component:
    kept = f"{facts.compliance:.0%} of the runs that are due were made in time"
    return _good("tpm", kept) if facts.compliance >= 1.0 else _worse("tpm", kept)


def _good(component: str, detail: str) -> Component:
    return Component(component, Health.HEALTHY, detail)


def _worse(component: str, detail: str) -> Component:
    return Component(component, Health.DEGRADED, detail)


def _bad(component: str, detail: str) -> Component:
    return Component(component, Health.UNHEALTHY, detail)
