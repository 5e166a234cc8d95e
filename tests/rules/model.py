"""Production in dictionaries and lists: domain 5, 6, 7 and 10 once more, to compare the real rules with.

Written from the domain alone: nothing of `tcps.rules` is used. A record is a dictionary of the fields that
the domain names; nothing in it is ever changed in place, so a shallow copy of all of them is a snapshot.
"""

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Any

from tcps.model import from_ms, to_ms

Record = dict[str, Any]
HOUR = 3_600_000
BUCKETS = ("reliability", "security", "cost", "compliance", "features", "technical_debt")
SLA_HOURS = {"reliability": 168, "security": 24, "cost": 720, "compliance": 168, "features": 720}
FALLBACK = {"reliability": 6, "security": 8, "cost": 5, "compliance": 6, "features": 4, "technical_debt": 3}
STAGES = (
    "shacl_validation",
    "compilation",
    "test_execution",
    "security_scan",
    "deterministic_build",
    "quality_metrics",
    "release_verification",
    "smoke_test",
    "marketplace_validation",
    "publication",
)
FAILURES = {
    "shacl_violation": ("critical", "shacl_validation"),
    "compilation_failure": ("critical", "compilation"),
    "test_failure": ("high", "test_execution"),
    "low_coverage": ("medium", "test_execution"),
    "security_vulnerability": ("critical", "security_scan"),
    "non_determinism": ("critical", "deterministic_build"),
    "quality_gate_failure": ("high", "quality_metrics"),
    "release_failure": ("high", "release_verification"),
    "missing_receipt": ("high", "release_verification"),
    "smoke_test_failure": ("high", "smoke_test"),
    "publication_failure": ("high", "publication"),
    "sla_breach": ("high", "publication"),
}
FAILURE_OF_GATE = dict(
    zip(
        STAGES,
        (
            "shacl_violation",
            "compilation_failure",
            "test_failure",
            "security_vulnerability",
            "non_determinism",
            "quality_gate_failure",
            "release_failure",
            "smoke_test_failure",
            "publication_failure",
            "publication_failure",
        ),
        strict=True,
    )
)
SEVERITIES = ("critical", "high", "medium", "low")
ESCALATION_S = {"critical": 3_600, "high": 3_600, "medium": 14_400, "low": 86_400}
TIMEOUT_S = {"critical": 7_200, "high": 7_200, "medium": 28_800, "low": 172_800}
ENDED = ("completed", "cancelled")
ON_THE_LINE = ("in_production", "completed")


class Refusal(Exception):  # noqa: N818
    """An operation that the rules do not allow, with its code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def number(record_id: str) -> int:
    """The n of an id that the store gave."""
    return int(record_id.rpartition("-")[2])


class Model:
    """One store's production, and the operations on it by their names in the domain."""

    def __init__(self) -> None:
        self.now = ""
        self.orders: dict[str, Record] = {}
        self.skus: dict[str, Record] = {}
        self.receipts: dict[str, list[Record]] = {}
        self.andons: dict[str, Record] = {}
        self.queues: dict[str, list[str]] = {bucket: [] for bucket in BUCKETS}
        self.starts: list[str] = []
        self.given = {"WO": 0, "SKU": 0, "ANDON": 0, "RCPT": 0}
        self.limits: dict[str, int | None] = {b: 10 if b == "features" else 5 for b in BUCKETS}
        self.settings = {"max_consecutive": 2, "completion_requires_sku": True, "auto_publish": False}

    def do(self, operation: str, **given: Any) -> Any:
        """Apply one operation: all of it, or on a refusal nothing. Changed records get their revision."""
        tables = (self.orders, self.skus, self.andons)
        before = [dict(table) for table in tables]
        kept = {b: list(q) for b, q in self.queues.items()}, {s: list(r) for s, r in self.receipts.items()}
        rest = list(self.starts), dict(self.given)
        try:
            answer = getattr(self, operation)(**given)
        except Refusal:
            self.orders, self.skus, self.andons = before
            self.queues, self.receipts = kept
            self.starts, self.given = rest
            raise
        for table, old in zip(tables, before, strict=True):
            for record_id, record in table.items():
                if record is not old.get(record_id):
                    revision = old[record_id]["revision"] if record_id in old else 0
                    table[record_id] = record | {"revision": revision + 1}
        return answer

    # Work orders (domain 5)

    def create(
        self,
        bucket: str,
        priority: int | None,
        source: str | None,
        depends_on: tuple[str, ...],
        due_on: str | None,
        sku_id: str | None,
        start: bool,
    ) -> str:
        known = [o for o, order in self.orders.items() if source and order["source"] == source]
        if known:
            return known[0]
        depends_on = tuple(dict.fromkeys(depends_on))
        for other in depends_on:
            if self._order(other)["status"] == "cancelled":
                raise Refusal("dependency_cancelled")
        order_id = self._next("WO")
        waits = any(self.orders[other]["status"] not in ENDED for other in depends_on)
        self.orders[order_id] = {
            "work_order_id": order_id,
            "bucket": bucket,
            "priority": priority or FALLBACK[bucket],
            "status": "blocked" if waits else "queued",
            "source": source,
            "due_on": due_on,
            "sla_deadline": self._deadline(bucket, self.now, due_on),
            "created_at": self.now,
            "updated_at": self.now,
            "started_at": None,
            "completed_at": None,
            "cancelled_at": None,
            "cancellation_reason": None,
            "depends_on": depends_on,
            "sku_id": sku_id,
            "sla_andon_id": None,
        }
        if not waits:
            self._enqueue(order_id)
        if start:
            self.start(order_id)
        return order_id

    def start(self, order_id: str) -> str:
        order = self._order(order_id)
        if order["status"] == "in_progress":
            raise Refusal("already_started")
        if order["status"] in ENDED:
            raise Refusal("invalid_transition")
        if order["status"] == "blocked":
            raise Refusal("blocked_by_dependencies")
        if not self.has_room(order["bucket"]):
            raise Refusal("wip_limit")
        self.queues[order["bucket"]].remove(order_id)
        self.starts.append(order["bucket"])
        self._change(order, status="in_progress", started_at=order["started_at"] or self.now)
        return order_id

    def pull(self, bucket: str | None) -> str:
        queued = [b for b in BUCKETS if self.queues[b] and bucket in (None, b)]
        if not queued:
            raise Refusal("queue_empty")
        with_room = [b for b in queued if self.has_room(b)]
        if not with_room:
            raise Refusal("wip_limit")
        return self.start(self._scheduled({b: self.queues[b] for b in with_room})[0])

    def complete(self, order_id: str, sku_id: str | None) -> str:
        order = self._order(order_id)
        if order["status"] != "in_progress":
            raise Refusal("invalid_transition")
        skus = self.skus_of(order_id)
        if any(sku["status"] in ON_THE_LINE for sku in skus):
            raise Refusal("sku_in_production")
        published = [sku["sku_id"] for sku in skus if sku["status"] == "published"]
        if sku_id is not None and sku_id not in published:
            raise Refusal("sku_not_published")
        if not published and (skus or self.settings["completion_requires_sku"]):
            raise Refusal("sku_not_published")
        self._complete(order_id)
        return order_id

    def cancel(self, order_id: str, reason: str) -> str:
        order = self._order(order_id)
        if order["status"] in ENDED:
            raise Refusal("invalid_transition")
        if not reason.strip():
            raise Refusal("missing_required_field")
        if any(sku["status"] == "published" for sku in self.skus_of(order_id)):
            raise Refusal("sku_published")
        for sku in self.skus_of(order_id):
            if sku["status"] in ON_THE_LINE:
                self._end(sku, reason)
        self._dequeue(order_id)
        self._change(order, status="cancelled", cancelled_at=self.now, cancellation_reason=reason.strip())
        self._drop_edges(order_id)
        return order_id

    def add_dependency(self, order_id: str, on: str) -> str:
        order, other = self._order(order_id), self._order(on)
        if order_id == on or order_id in self._reached(on):
            raise Refusal("circular_dependency")
        if order["status"] in ENDED:
            raise Refusal("invalid_transition")
        if other["status"] == "cancelled":
            raise Refusal("dependency_cancelled")
        if on in order["depends_on"]:
            return order_id
        self._change(order, depends_on=(*order["depends_on"], on))
        if other["status"] not in ENDED:
            self._dequeue(order_id)
            self._change(self.orders[order_id], status="blocked")
        return order_id

    def remove_dependency(self, order_id: str, on: str) -> str:
        order = self._order(order_id)
        if on not in order["depends_on"]:
            raise Refusal("not_found")
        if order["status"] in ENDED:
            raise Refusal("invalid_transition")
        self._change(order, depends_on=tuple(other for other in order["depends_on"] if other != on))
        self._unblock(order_id)
        return order_id

    def update(self, order_id: str, fields: Record, revision: int | None) -> str:
        order = self._order(order_id)
        if revision is not None and revision != order["revision"]:
            raise Refusal("stale_revision")
        if order["status"] in ENDED:
            raise Refusal("invalid_transition")
        if not 1 <= fields.get("priority", 1) <= 10:
            raise Refusal("invalid_priority")
        changed = {name: value for name, value in fields.items() if order[name] != value}
        if not changed:
            return order_id
        if "bucket" in changed and order["status"] == "in_progress":
            raise Refusal("invalid_transition")
        if order["status"] == "queued" and changed.keys() & {"bucket", "priority"}:
            self._dequeue(order_id)
        order = self._change(order, **changed)
        if changed.keys() & {"bucket", "due_on"}:
            deadline = self._deadline(order["bucket"], order["created_at"], order["due_on"])
            self._change(order, sla_deadline=deadline)
        if order["status"] == "queued" and changed.keys() & {"bucket", "priority"}:
            self._enqueue(order_id)
        return order_id

    def reorder(self, bucket: str, ids: tuple[str, ...]) -> tuple[str, ...]:
        if sorted(ids) != sorted(self.queues[bucket]):
            raise Refusal("invalid_queue_order")
        if list(ids) != self.queues[bucket]:
            for order_id in ids:
                self._change(self.orders[order_id])
        self.queues[bucket] = list(ids)
        return ids

    def delete(self, order_id: str) -> None:
        order = self._order(order_id)
        if order["status"] not in ("queued", "cancelled"):
            raise Refusal("invalid_transition")
        if self.skus_of(order_id):
            raise Refusal("work_order_has_skus")
        self._drop_edges(order_id)
        self._dequeue(order_id)
        del self.orders[order_id]

    # Kanban and heijunka (domain 6)

    def set_limit(self, bucket: str, limit: int | None) -> None:
        if limit is not None and limit < 1:
            raise Refusal("invalid_limit")
        self.limits = self.limits | {bucket: limit}

    def change_setting(self, key: str, value: Any) -> None:
        if key == "max_consecutive" and value < 1:
            raise Refusal("invalid_setting")
        self.settings = self.settings | {key: value}

    def wip(self, bucket: str) -> int:
        return sum(o["bucket"] == bucket and o["status"] == "in_progress" for o in self.orders.values())

    def has_room(self, bucket: str) -> bool:
        limit = self.limits[bucket]
        return limit is None or self.wip(bucket) < limit

    def recent(self) -> tuple[str | None, int]:
        """The bucket of the most recent start, and how many starts in a row were in it."""
        run = 0
        while run < len(self.starts) and self.starts[-1 - run] == self.starts[-1]:
            run += 1
        return (self.starts[-1], run) if self.starts else (None, 0)

    def schedule(self) -> list[str]:
        return self._scheduled(self.queues)

    # SKUs and receipts (domain 7, 8)

    def create_sku(self, order_id: str, sku_id: str | None) -> str:
        order = self._order(order_id)
        if order["status"] in ENDED:
            raise Refusal("invalid_transition")
        if order["status"] == "blocked":
            raise Refusal("blocked_by_dependencies")
        used = {other.lower() for other in self.skus}
        if sku_id is not None:
            if sku_id.startswith("SKU-"):
                raise Refusal("reserved_id")
            if sku_id.lower() in used:
                raise Refusal("duplicate_id")
            chosen = sku_id
        elif order["sku_id"] is not None and order["sku_id"].lower() not in used:
            chosen = order["sku_id"]
        else:
            chosen = self._next("SKU")
        if order["status"] == "queued":
            self.start(order_id)
        self.receipts[chosen] = []
        self.skus[chosen] = {
            "sku_id": chosen,
            "work_order_id": order_id,
            "status": "in_production",
            "current_stage": STAGES[0],
            "created_at": self.now,
            "updated_at": self.now,
            "history": (visit(STAGES[0], self.now),),
            "receipt_count": 0,
            "completed_at": None,
            "published_at": None,
            "marketplace_url": None,
            "ended_at": None,
            "end_reason": None,
        }
        return chosen

    def record(self, sku_id: str, stage: str, good: bool, stated: str) -> str:
        sku = self._sku(sku_id)
        self._require_in_production(sku)
        if stage != sku["current_stage"]:
            raise Refusal("stage_out_of_order")
        status = "fail" if not good else stated
        receipt = {"receipt_id": self._next("RCPT"), "stage": stage, "status": status, "at": to_ms(self.now)}
        self.receipts[sku_id].append(receipt)
        self._change(sku, receipt_count=sku["receipt_count"] + 1)
        if status == "fail":
            failure = FAILURE_OF_GATE[stage]
            self.trigger(sku_id, failure, stage, FAILURES[failure][0], None)
        return sku_id

    def run(self, sku_id: str, stage: str, good: bool, stated: str) -> str:
        self.record(sku_id, stage, good, stated)
        if self.receipts[sku_id][-1]["status"] == "pass" and not self._held(self.skus[sku_id]):
            self._advance(self.skus[sku_id])
        return sku_id

    def advance(self, sku_id: str) -> str:
        sku = self._sku(sku_id)
        self._require_in_production(sku)
        newest = self._newest(sku)
        if newest is None:
            raise Refusal("receipt_missing")
        if newest != "pass":
            raise Refusal("gate_failed")
        if self._held(sku):
            raise Refusal("blocked_by_andons")
        self._advance(sku)
        return sku_id

    def publish(self, sku_id: str) -> str:
        sku = self._sku(sku_id)
        if sku["status"] != "completed":
            raise Refusal("invalid_transition")
        if self.orders[sku["work_order_id"]]["status"] != "in_progress":
            raise Refusal("work_order_not_in_progress")
        if self.open_andons(sku_id):
            raise Refusal("blocked_by_andons")
        if self._gap(sku_id):
            raise Refusal("chain_incomplete")
        url = "https://example.org/market/app"
        ended = {"published_at": self.now, "ended_at": self.now, "marketplace_url": url}
        self._change(sku, status="published", **ended)
        self._complete_if_done(sku["work_order_id"])
        return sku_id

    def abort(self, sku_id: str, reason: str) -> str:
        sku = self._sku(sku_id)
        if sku["status"] not in ON_THE_LINE:
            raise Refusal("invalid_transition")
        if not reason.strip():
            raise Refusal("missing_required_field")
        self._end(sku, reason)
        self._complete_if_done(sku["work_order_id"])
        return sku_id

    def skus_of(self, order_id: str) -> list[Record]:
        found = [sku for sku in self.skus.values() if sku["work_order_id"] == order_id]
        return sorted(found, key=lambda sku: (sku["created_at"], sku["sku_id"]))

    def progress(self, order_id: str) -> float:
        counted = [
            100.0 if sku["completed_at"] else STAGES.index(sku["current_stage"]) * 10.0
            for sku in self.skus_of(order_id)
            if sku["status"] not in ("failed", "aborted")
        ]
        return round(sum(counted) / len(counted), 2) if counted else 0.0

    # Andons (domain 10) and deadlines (domain 5, SLA)

    def trigger(
        self,
        sku_id: str,
        failure_type: str,
        stage: str | None,
        severity: str | None,
        work_order_id: str | None,
    ) -> str:
        if failure_type not in FAILURES:
            raise Refusal("invalid_failure_type")
        default_severity, default_stage = FAILURES[failure_type]
        stage, severity = stage or default_stage, severity or default_severity
        if severity not in SEVERITIES:
            raise Refusal("invalid_severity")
        if work_order_id is not None:
            self._order(work_order_id)
        elif sku_id in self.skus:
            work_order_id = self.skus[sku_id]["work_order_id"]
        for andon in self.open_andons(sku_id):
            if (andon["stage"], andon["failure_type"]) == (stage, failure_type):
                worse = min(andon["severity"], severity, key=SEVERITIES.index)
                again = {"occurrences": andon["occurrences"] + 1, "last_occurrence_at": self.now}
                self.andons[andon["andon_id"]] = andon | again | {"severity": worse}
                return str(andon["andon_id"])
        andon_id = self._next("ANDON")
        self.andons[andon_id] = {
            "andon_id": andon_id,
            "sku_id": sku_id,
            "work_order_id": work_order_id,
            "stage": stage,
            "failure_type": failure_type,
            "severity": severity,
            "status": "open",
            "created_at": self.now,
            "occurrences": 1,
            "last_occurrence_at": self.now,
            "investigating_at": None,
            "escalation_level": 0,
            "escalated_at": None,
            "timed_out_at": None,
            "resolved_at": None,
        }
        return andon_id

    def investigate(self, andon_id: str) -> str:
        andon = self._andon(andon_id)
        if andon["status"] == "resolved":
            raise Refusal("already_resolved")
        if andon["status"] == "investigating":
            raise Refusal("invalid_transition")
        self.andons[andon_id] = andon | {"status": "investigating", "investigating_at": self.now}
        return andon_id

    def resolve(self, andon_id: str, cause: str) -> str:
        andon = self._andon(andon_id)
        if andon["status"] == "resolved":
            raise Refusal("already_resolved")
        if not cause.strip():
            raise Refusal("missing_required_field")
        self.andons[andon_id] = andon | {"status": "resolved", "resolved_at": self.now}
        return andon_id

    def sweep(self) -> list[str]:
        changed = []
        for andon_id, andon in sorted(self.andons.items(), key=lambda item: number(item[0])):
            age, done = self._since(andon["created_at"]), {}
            patience, last = 1000 * ESCALATION_S[andon["severity"]], 1000 * TIMEOUT_S[andon["severity"]]
            if andon["status"] == "open" and andon["escalation_level"] == 0 and age >= patience:
                done |= {"escalation_level": 1, "escalated_at": self.now}
            if andon["status"] != "resolved" and not andon["timed_out_at"] and age >= last:
                done |= {"escalation_level": 2, "timed_out_at": self.now}
            if done:
                self.andons[andon_id] = andon | done
                changed.append(andon_id)
        return changed

    def sla_check(self) -> list[str]:
        raised = []
        for order_id in sorted(self.orders, key=number):
            order = self.orders[order_id]
            if order["sla_andon_id"] or self.sla_status(order) != "breached" or order["status"] in ENDED:
                continue
            overdue, bucket = self._since(order["sla_deadline"]), order["bucket"]
            if bucket != "security" and overdue <= HOUR * (24 if bucket == "reliability" else 48):
                continue
            running = [sku["sku_id"] for sku in self.skus_of(order_id) if sku["status"] in ON_THE_LINE]
            andon_id = self.trigger(running[-1] if running else order_id, "sla_breach", None, None, order_id)
            self._change(order, sla_andon_id=andon_id)
            raised.append(andon_id)
        return raised

    def sla_status(self, order: Record) -> str:
        deadline = order["sla_deadline"]
        if order["status"] == "cancelled" or deadline is None:
            return "on_time"
        if order["status"] == "completed":
            return "breached" if order["completed_at"] >= deadline else "on_time"
        left, whole = -self._since(deadline), to_ms(deadline) - to_ms(order["created_at"])
        return "breached" if left <= 0 else "warning" if 4 * left < whole else "on_time"

    def open_andons(self, sku_id: str) -> list[Record]:
        found = (a for a in self.andons.values() if a["sku_id"] == sku_id and a["status"] != "resolved")
        return sorted(found, key=lambda andon: number(andon["andon_id"]))

    def blocked_by(self, order: Record) -> list[str]:
        return [other for other in order["depends_on"] if self.orders[other]["status"] not in ENDED]

    def blocking(self, order_id: str) -> list[str]:
        """The orders that are blocked and wait for this one, oldest first."""
        waiting = (o for o, order in self.orders.items() if order_id in order["depends_on"])
        return sorted((o for o in waiting if self.orders[o]["status"] == "blocked"), key=number)

    # What the operations have in common

    def _order(self, order_id: str) -> Record:
        return _found(self.orders, order_id)

    def _sku(self, sku_id: str) -> Record:
        return _found(self.skus, sku_id)

    def _andon(self, andon_id: str) -> Record:
        return _found(self.andons, andon_id)

    def _next(self, prefix: str) -> str:
        self.given[prefix] += 1
        return f"{prefix}-{self.given[prefix]}"

    def _since(self, moment: Any) -> int:
        return to_ms(self.now) - to_ms(moment)

    def _change(self, record: Record, **fields: Any) -> Record:
        changed = record | fields | {"updated_at": self.now}
        table, name = (self.skus, "sku_id") if "current_stage" in record else (self.orders, "work_order_id")
        table[record[name]] = changed
        return changed

    def _deadline(self, bucket: str, created: Any, due_on: Any) -> Any:
        if bucket not in SLA_HOURS:
            return due_on
        by_sla = from_ms(to_ms(created) + SLA_HOURS[bucket] * HOUR)
        return due_on if due_on is not None and created < due_on < by_sla else by_sla

    def _enqueue(self, order_id: str) -> None:
        queue = self.queues[self.orders[order_id]["bucket"]]
        priority = self.orders[order_id]["priority"]
        below = (n for n, other in enumerate(queue) if self.orders[other]["priority"] < priority)
        queue.insert(next(below, len(queue)), order_id)

    def _dequeue(self, order_id: str) -> None:
        for queue in self.queues.values():
            if order_id in queue:
                queue.remove(order_id)

    def _unblock(self, order_id: str) -> None:
        order = self.orders[order_id]
        if order["status"] == "blocked" and not self.blocked_by(order):
            self._change(order, status="queued")
            self._enqueue(order_id)

    def _drop_edges(self, gone: str) -> None:
        for order_id in sorted(self.orders, key=number):
            order = self.orders[order_id]
            if gone in order["depends_on"]:
                self._change(order, depends_on=tuple(o for o in order["depends_on"] if o != gone))
                self._unblock(order_id)

    def _reached(self, start: str) -> set[str]:
        reached, ahead = {start}, [start]
        while ahead:
            ahead += set(self.orders[ahead.pop()]["depends_on"]) - reached
            reached |= set(ahead)
        return reached

    def _complete(self, order_id: str) -> None:
        self._change(self.orders[order_id], status="completed", completed_at=self.now)
        for waiting in self.blocking(order_id):
            self._unblock(waiting)

    def _complete_if_done(self, order_id: str) -> None:
        statuses = [sku["status"] for sku in self.skus_of(order_id)]
        done = "published" in statuses and not any(status in ON_THE_LINE for status in statuses)
        if done and self.orders[order_id]["status"] == "in_progress":
            self._complete(order_id)

    def _require_in_production(self, sku: Record) -> None:
        if sku["status"] != "in_production":
            raise Refusal("invalid_transition")
        if self.orders[sku["work_order_id"]]["status"] != "in_progress":
            raise Refusal("work_order_not_in_progress")

    def _newest(self, sku: Record) -> str | None:
        """The status of the newest receipt of the SKU's stage."""
        receipts = [r for r in self.receipts[sku["sku_id"]] if r["stage"] == sku["current_stage"]]
        return receipts[-1]["status"] if receipts else None

    def _held(self, sku: Record) -> bool:
        upto = STAGES.index(sku["current_stage"]) + 1
        return any(STAGES.index(andon["stage"]) <= upto for andon in self.open_andons(sku["sku_id"]))

    def _advance(self, sku: Record) -> None:
        receipt_id = self.receipts[sku["sku_id"]][-1]["receipt_id"]
        left = sku["history"][-1] | {"left_at": self.now, "receipt_id": receipt_id}
        history = (*sku["history"][:-1], left)
        place = STAGES.index(sku["current_stage"]) + 1
        if place < len(STAGES):
            history = (*history, visit(STAGES[place], self.now))
            self._change(sku, current_stage=STAGES[place], history=history)
            return
        sku = self._change(sku, status="completed", completed_at=self.now, history=history)
        if self.settings["auto_publish"]:
            try:
                self.publish(sku["sku_id"])
            except Refusal:
                return

    def _end(self, sku: Record, reason: str) -> None:
        status = "failed" if self._newest(sku) == "fail" else "aborted"
        self._change(sku, status=status, ended_at=self.now, end_reason=reason.strip())

    def _gap(self, sku_id: str) -> bool:
        """Whether two receipts in a row are more than 24 h apart, time under an Andon not counted."""
        spans = [
            (to_ms(a["created_at"]), to_ms(a["resolved_at"] or self.now))
            for a in self.andons.values()
            if a["sku_id"] == sku_id
        ]
        times = [receipt["at"] for receipt in self.receipts[sku_id]]
        return any(
            second - first - overlap(first, second, spans) > 24 * HOUR for first, second in pairwise(times)
        )

    def _scheduled(self, queues: dict[str, list[str]]) -> list[str]:
        """The five steps of domain 6.2, as they are written, slot by slot."""
        rest = {bucket: list(queue) for bucket, queue in queues.items() if queue}
        last, run = self.recent()
        slots = []
        while rest:
            chosen = self._slot(rest, last, run)
            slots.append(rest[chosen].pop(0))
            run = run + 1 if chosen == last else 1
            last = chosen
            rest = {bucket: queue for bucket, queue in rest.items() if queue}
        return slots

    def _slot(self, rest: dict[str, list[str]], last: str | None, run: int) -> str:
        own = len(rest.get(last or "", ()))
        need = ceil(Fraction(own + run, sum(map(len, rest.values())) - own + 1))
        held = run >= max(self.settings["max_consecutive"], need)
        kept = [bucket for bucket in BUCKETS if bucket in rest and not (held and bucket == last)]
        urgency = {bucket: self.orders[rest[bucket][0]]["priority"] for bucket in kept}
        kept = [bucket for bucket in kept if urgency[bucket] == max(urgency.values())]
        kept = [bucket for bucket in kept if not (bucket == last and run >= need)] or kept
        return max(kept, key=lambda bucket: len(rest[bucket]))


def visit(stage: str, entered: str) -> Record:
    """A stay at a stage that has begun."""
    return {"stage": stage, "entered_at": entered, "left_at": None, "receipt_id": None}


def overlap(start: int, end: int, spans: Iterable[tuple[int, int]]) -> int:
    """How much of a stretch of time the spans cover, counted once."""
    inside = [(max(first, start), min(last, end)) for first, last in spans]
    edges = sorted({edge for first, last in inside if first < last for edge in (first, last)})
    return sum(
        second - first
        for first, second in pairwise(edges)
        if any(low <= first and second <= high for low, high in inside)
    )


def _found(table: dict[str, Record], record_id: str) -> Record:
    if record_id not in table:
        raise Refusal("not_found")
    return table[record_id]
