"""What the index alone can answer: each gives the rows of the canned query of its name, in its order."""

import contextlib
import sqlite3
import time
from collections.abc import Iterable, Iterator
from typing import Any

from tcps.canonical import genesis
from tcps.model import BUCKETS, AndonStatus, Bucket, Severity, Stage, Timestamp, to_ms
from tcps.ontology.limits import Limits, too_long
from tcps.rules import heijunka
from tcps.rules.policy import whole
from tcps.store.filters import UNRESOLVED, Filter
from tcps.store.view import View

Rows = Iterable[tuple[Any, ...]]
_LOOK_EVERY = 100_000
"""After so many steps of SQLite it is looked whether the time is over."""


@contextlib.contextmanager
def in_time(view: View, limits: Limits) -> Iterator[None]:
    """Let what is asked of the index end when its time is over; then TcpsError (`query_limit`)."""
    db, end = view.loader.index.db, time.monotonic() + limits.seconds
    db.set_progress_handler(lambda: time.monotonic() > end, _LOOK_EVERY)
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        raise too_long(limits) from None
    finally:
        db.set_progress_handler(None, 0)


def active_andons(view: View, severity: Severity | None = None, sku: str | None = None) -> Rows:
    """Andons that are not resolved, the oldest first."""
    where = Filter().one_of("status", UNRESOLVED)
    where.one_of("severity", [severity] if severity else ()).one_of("sku_id", [sku] if sku else ())
    columns = "id, sku_id, stage, failure_type, severity, status, created"
    return _rows(view, f"SELECT {columns} FROM andon_event {where.sql()} ORDER BY created, id", *where.values)


def blocked_skus(view: View) -> Rows:
    """SKUs in production with open Andons at their stage or before it, and how many."""
    return _rows(
        view,
        """SELECT s.id, s.stage, count(*) FROM andon_event a CROSS JOIN sku s ON s.id = a.sku_id
        WHERE a.status IN (?, ?) AND s.status = 'in_production' AND a.stage <= s.stage
        GROUP BY s.id ORDER BY s.id""",
        *UNRESOLVED,
    )


def failures_by_type(view: View) -> Rows:
    """What stops the line, the most often first: Andons, and how often they occurred."""
    return _rows(
        view,
        """SELECT failure_type, count(*), sum(occurrences) AS times FROM andon_event
        GROUP BY failure_type ORDER BY times DESC, failure_type""",
    )


def chain(view: View, sku: str) -> Rows:
    """The receipts of a SKU, the newest first: each names the digest of the one before."""
    found = _rows(
        view,
        """SELECT sequence, id, stage, status,
        (SELECT 'sha256:' || sha256 FROM record WHERE kind = 'receipt' AND record.id = receipt.id)
        FROM receipt WHERE sku_id = ? ORDER BY sequence""",
        sku,
    )
    previous, rows = genesis(view.store_id, sku), list[tuple[Any, ...]]()
    for row in found:
        rows.append((*row, previous))
        previous = row[-1]
    return rows[::-1]


def lead_times(view: View) -> Rows:
    """Published SKUs with the moments of their orders' creation and their own publication."""
    return _rows(
        view,
        """SELECT s.id, w.id, w.bucket, w.created, s.ended FROM sku s
        CROSS JOIN work_order w ON w.id = s.work_order_id
        WHERE s.status = 'published' ORDER BY s.ended, s.id""",
    )


def levelled_schedule(view: View) -> Rows:
    """The queued orders as they are to be started (domain 6.2)."""
    slots = heijunka.schedule(view.queues(), view.recent(), whole(view.policy(), "max_consecutive"))
    return ((slot, order_id, bucket, priority) for slot, order_id, bucket, priority in slots)


def quality_metrics(view: View, **period: Timestamp) -> Rows:
    """Runs, passes, fails and milliseconds at work of each stage from `from` up to `to`."""
    return _rows(
        view,
        """SELECT stage, count(*), sum(status = 'pass'), sum(status = 'fail'), sum(duration) FROM receipt
        WHERE time >= ? AND time < ? GROUP BY stage ORDER BY stage""",
        to_ms(period["from"]),
        to_ms(period["to"]),
    )


def receipts_by_stage(view: View, stage: Stage) -> Rows:
    """The runs of a stage, the oldest first."""
    sql = "SELECT id, sku_id, status, time, duration FROM receipt WHERE stage = ? ORDER BY time, id"
    return _rows(view, sql, stage.number)


def sku_readiness(view: View, sku: str | None = None) -> Rows:
    """SKUs on the line: at how many stages a receipt passed, how many Andons are open."""
    where = Filter().one_of("s.status", ("in_production", "completed")).one_of("s.id", [sku] if sku else ())
    return _rows(
        view,
        f"""SELECT s.id, s.status, s.stage,
        (SELECT count(DISTINCT stage) FROM receipt WHERE sku_id = s.id AND status = 'pass'),
        (SELECT count(*) FROM andon_event WHERE sku_id = s.id AND status <> '{AndonStatus.RESOLVED}')
        FROM sku s {where.sql()} ORDER BY s.id""",
        *where.values,
    )


def wip(view: View) -> Rows:
    """How much is in progress in each bucket, and the limit as the policy has it."""
    current, settings = view.wip_by_bucket(), view.policy().settings
    for bucket in sorted(Bucket):
        limit = settings.get(f"wip_limits.{bucket}", BUCKETS[bucket].wip_limit)
        yield bucket, current.get(bucket, 0), limit


def _rows(view: View, sql: str, *values: object) -> Rows:
    return view.loader.index.db.execute(sql, values)
