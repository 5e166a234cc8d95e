"""What a period held, from the index: cost grows with the period, not with the store.

SQLite is told which of its indexes to use, for without statistics it takes one that spans the store.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tcps.model import STAGES, AndonEvent, Period, Receipt, ReceiptStatus, Stage, to_ms
from tcps.rules.past import Finished, Found, Runs

if TYPE_CHECKING:
    from tcps.store.view import View

_EXAMPLES = 5
_DEFECT = "failure_type<>'sla_breach'"
_FINISHED = f"""
    SELECT coalesce(sum(s.status='published'), 0), coalesce(sum(s.status='failed'), 0),
           coalesce(sum(EXISTS (SELECT 1 FROM receipt r WHERE r.sku_id=s.id AND r.status='fail')
                        OR EXISTS (SELECT 1 FROM andon_event a WHERE a.sku_id=s.id AND a.{_DEFECT})), 0),
           total(iif(s.status='published', s.ended - w.created, 0))
    FROM sku s INDEXED BY sku_ended JOIN work_order w ON w.id = s.work_order_id
    WHERE s.ended >= ? AND s.ended < ? AND s.status IN ('published', 'failed')"""
_LEAD_TIMES = """
    SELECT s.ended - w.created
    FROM sku s INDEXED BY sku_ended JOIN work_order w ON w.id = s.work_order_id
    WHERE s.ended >= ? AND s.ended < ? AND s.status='published'"""
_LOST = """
    SELECT count(*) FROM sku INDEXED BY sku_ended
    WHERE ended >= ? AND ended < ? AND status IN ('failed', 'aborted') AND stage = ?"""
_DEFECTS = f"""
    SELECT count(*) FROM andon_event a INDEXED BY andon_created
    WHERE created >= ? AND created < ? AND {_DEFECT} AND EXISTS (SELECT 1 FROM sku s WHERE s.id=a.sku_id)"""
_RESOLUTIONS = """
    SELECT resolved - created FROM andon_event INDEXED BY andon_resolved
    WHERE resolved >= ? AND resolved < ?"""
_RUNS = """
    SELECT stage, sum(status='pass'), sum(status='fail'), sum(status='warning'), total(duration)
    FROM receipt INDEXED BY receipt_time WHERE time >= ? AND time < ? GROUP BY stage"""


class Past:
    """One period of one view (rules.past.Past)."""

    def __init__(self, view: "View", period: Period) -> None:
        self.view = view
        self.period = period
        self._bounds = to_ms(period.start), to_ms(period.end)

    def finished(self) -> Finished:
        """The SKUs whose status became published or failed."""
        (row,) = self._rows(_FINISHED)
        return Finished(*row)

    def defects(self) -> int:
        """How many defect Andons were raised."""
        ((count,),) = self._rows(_DEFECTS)
        return int(count)

    def andons(self) -> int:
        """How many Andons were raised, of whatever kind."""
        return self._count("andon_event", "created", "andon_created")

    def completed(self) -> int:
        """How many work orders were completed."""
        return self._count("work_order", "completed", "work_order_completed")

    def lead_times(self) -> list[int]:
        """Of every SKU that was published, the milliseconds since its order was created."""
        return [lead_ms for (lead_ms,) in self._rows(_LEAD_TIMES)]

    def resolution_times(self) -> list[int]:
        """Of every Andon that was resolved, the milliseconds since it was raised."""
        return [took_ms for (took_ms,) in self._rows(_RESOLUTIONS)]

    def lost_at_publication(self) -> int:
        """How many SKUs failed or were aborted at their last stage."""
        ((count,),) = self._rows(_LOST, Stage.PUBLICATION.number)
        return int(count)

    def runs(self) -> tuple[Runs, ...]:
        """The receipts of each stage that has any, in the order of stages."""
        rows = {stage: counts for stage, *counts in self._rows(_RUNS)}
        return tuple(Runs(stage, *rows[stage.number]) for stage in STAGES if stage.number in rows)

    def slow(self, stage: Stage, over_ms: int) -> Found:
        """The receipts of a stage that took longer."""
        return self._found("stage=? AND duration>?", stage.number, over_ms)

    def failures(self) -> Found:
        """The fail receipts."""
        return self._found("status=?", ReceiptStatus.FAIL)

    def by_hand(self) -> Found:
        """The receipts that say `manual_intervention`."""
        return self._found("by_hand", index="receipt_by_hand")

    def receipts_of(self, stage: Stage) -> Found:
        """The receipts of a stage."""
        return self._found("stage=?", stage.number)

    def tested(self) -> Iterator[Receipt]:
        """The receipts that name tests, oldest first."""
        yield from self.view.records(
            Receipt, self._ids("receipt INDEXED BY receipt_tested", "time", "tested")
        )

    def resolved(self) -> Iterator[AndonEvent]:
        """The Andons that were raised in the period and are resolved, oldest first."""
        yield from self.view.records(
            AndonEvent, self._ids("andon_event INDEXED BY andon_created", "created", "status='resolved'")
        )

    def _count(self, table: str, column: str, index: str) -> int:
        where = f"WHERE {column} >= ? AND {column} < ?"
        ((count,),) = self._rows(f"SELECT count(*) FROM {table} INDEXED BY {index} {where}")
        return int(count)

    def _found(self, condition: str, *values: Any, index: str = "receipt_time") -> Found:
        where = f"FROM receipt INDEXED BY {index} WHERE time >= ? AND time < ? AND {condition}"
        ((count, duration_ms),) = self._rows(f"SELECT count(*), total(duration) {where}", *values)
        ids = self._rows(f"SELECT id {where} ORDER BY time, n LIMIT {_EXAMPLES}", *values)
        return Found(count, duration_ms, tuple(record_id for (record_id,) in ids))

    def _ids(self, table: str, column: str, condition: str) -> Iterator[str]:
        sql = f"SELECT id FROM {table} WHERE {column} >= ? AND {column} < ? AND {condition} ORDER BY n"
        for (record_id,) in self._rows(sql):
            yield record_id

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        return self.view.loader.index.db.execute(sql, (*self._bounds, *values)).fetchall()
