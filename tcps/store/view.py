"""Production as it is at one moment: look-ups and lists from the index, records from their files."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from tcps.ledger import Entry
from tcps.model import (
    STAGES,
    Analysis,
    AndonEvent,
    Bucket,
    Frequency,
    Improvement,
    Outcome,
    Period,
    Policy,
    Receipt,
    Record,
    Sku,
    Stage,
    Timestamp,
    TpmRun,
    WorkOrder,
    WorkOrderStatus,
    to_ms,
)
from tcps.projections.records import relative_path
from tcps.rules.chain import Chain, Expected, Verdict, andon_span, judge
from tcps.rules.heijunka import Lane, Recent, Waiting
from tcps.rules.policy import setting
from tcps.store.filters import Filter
from tcps.store.loading import Loader
from tcps.store.past import Past

if TYPE_CHECKING:
    from tcps.rules.order_report import OrderFacts

R = TypeVar("R", bound=Record)


class View:
    """A snapshot to read from; as long as it is in use, no commit changes what it says."""

    def __init__(self, loader: Loader, store_id: str, now: Timestamp, actor: str) -> None:
        self.loader = loader
        self.store_id = store_id
        self.now = now
        self.actor = actor

    def get(self, kind: type[R], record_id: str) -> R | None:
        """The record, or None; raises IntegrityError when its file is not what the ledger says."""
        row = self.loader.row(kind.kind, record_id)
        return None if row is None else msgspec.json.decode(self.loader.load(row), type=kind)

    def records(self, kind: type[R], ids: Iterable[str]) -> Iterator[R]:
        """The records with these ids, which exist."""
        for record_id in ids:
            record = self.get(kind, record_id)
            if record is not None:
                yield record

    def policy(self) -> Policy:
        """The settings that differ from their defaults."""
        return self.get(Policy, "policy") or Policy()

    def wip(self, bucket: Bucket) -> int:
        """How many of the bucket's orders are in progress."""
        sql = "SELECT count(*) FROM work_order WHERE bucket=? AND status='in_progress'"
        return int(self._one(sql, bucket))

    def queue(self, bucket: Bucket) -> tuple[str, ...]:
        """The ids of the bucket's queue, head first."""
        sql = "SELECT id FROM work_order WHERE bucket=? AND status='queued' ORDER BY queue_key"
        return self._column(sql, bucket)

    def queues(self) -> dict[Bucket, list[tuple[str, int]]]:
        """Every bucket's queue, head first: the ids of its orders with their priorities."""
        sql = "SELECT id, priority FROM work_order WHERE bucket=? AND status='queued' ORDER BY queue_key"
        run = self.loader.index.db.execute
        return {bucket: run(sql, (bucket,)).fetchall() for bucket in Bucket}

    def lanes(self) -> dict[Bucket, Lane]:
        """How many orders are queued in each bucket that has any, and the head of its queue."""
        first = """SELECT id, priority FROM work_order WHERE bucket=? AND status='queued'
                   ORDER BY queue_key LIMIT 1"""
        left = "SELECT count(*) FROM work_order WHERE bucket=? AND status='queued'"
        lanes = {}
        for bucket in Bucket:
            head = self.loader.index.db.execute(first, (bucket,)).fetchone()
            if head is not None:
                lanes[bucket] = Lane(self._one(left, bucket), Waiting(*head))
        return lanes

    def recent(self) -> Recent:
        """The bucket of the most recent start, and how many starts in a row were in it."""
        return self.loader.index.recent()

    def first_below(self, bucket: Bucket, priority: int) -> str | None:
        """The queue key of the first queued order of strictly lower priority."""
        sql = """SELECT queue_key FROM work_order WHERE bucket=? AND status='queued' AND priority=?
                 AND queue_key IS NOT NULL ORDER BY queue_key LIMIT 1"""
        keys = (self._one(sql, bucket, lower) for lower in range(1, priority))
        return min((key for key in keys if key is not None), default=None)

    def blocked_on(self, work_order_id: str) -> tuple[str, ...]:
        """The ids of the blocked orders that depend on this one."""
        sql = """SELECT d.id FROM dependency d JOIN work_order w ON w.id = d.id
                 WHERE d.on_id=? AND w.status='blocked' ORDER BY w.n"""
        return self._column(sql, work_order_id)

    def depending_on(self, work_order_id: str) -> tuple[str, ...]:
        """The ids of all orders that have an edge to this one."""
        return self._column("SELECT id FROM dependency WHERE on_id=? ORDER BY id", work_order_id)

    def order_of_source(self, key: str) -> str | None:
        """The id of the order that has this source key."""
        found: str | None = self._one("SELECT id FROM source_key WHERE key=?", key)
        return found

    def skus_of(self, work_order_id: str) -> tuple[Sku, ...]:
        """The order's SKUs, oldest first."""
        sql = "SELECT id FROM sku WHERE work_order_id=? ORDER BY created, id"
        return tuple(self.records(Sku, self._column(sql, work_order_id)))

    def sku_id_in_use(self, sku_id: str) -> str | None:
        """The id in use that is equal to this one but for case."""
        found: str | None = self._one("SELECT id FROM sku WHERE folded=?", sku_id.lower())
        return found

    def newest_receipt(self, sku_id: str, stage: Stage) -> Receipt | None:
        """The SKU's last receipt of the stage."""
        sql = "SELECT id FROM receipt WHERE sku_id=? AND stage=? ORDER BY sequence DESC LIMIT 1"
        found = self._one(sql, sku_id, stage.number)
        return None if found is None else self.get(Receipt, found)

    def open_andons(self, sku_id: str) -> tuple[AndonEvent, ...]:
        """The SKU's Andons that are not resolved, oldest first."""
        sql = "SELECT id FROM andon_event WHERE sku_id=? AND status<>'resolved' ORDER BY n"
        return tuple(self.records(AndonEvent, self._column(sql, sku_id)))

    def andons_of(self, sku_id: str) -> tuple[AndonEvent, ...]:
        """Every Andon of the SKU, oldest first."""
        sql = "SELECT id FROM andon_event WHERE sku_id=? ORDER BY n"
        return tuple(self.records(AndonEvent, self._column(sql, sku_id)))

    def analyses_of(self, andon_id: str) -> tuple[Analysis, ...]:
        """The root-cause analyses of an Andon, oldest first."""
        return tuple(self.analyses(Filter().add("andon_id=?", andon_id), None))

    def improvements(self) -> tuple[Improvement, ...]:
        """Every improvement, oldest first."""
        return tuple(self.records(Improvement, self._ids("improvement", Filter(), None, "n")))

    def newest_run(self, frequency: Frequency, *statuses: Outcome) -> TpmRun | None:
        """The newest maintenance run that did the tasks of a frequency and ended so."""
        where = Filter().one_of("status", statuses).add("reach >= ?", len(frequency.covered))
        ids = self._ids("tpm_run", where, 1, "n DESC")
        return next(self.records(TpmRun, ids), None)

    def past(self, period: Period) -> Past:
        """What happened in a period."""
        return Past(self, period)

    def chain(self, sku_id: str) -> tuple[Receipt, ...]:
        """The SKU's receipts by sequence."""
        return tuple(self.records(Receipt, self._chain_ids(sku_id)))

    def verdict(self, sku_id: str) -> Verdict:
        """The SKU's chain, checked against the ledger's own lines now."""
        records = self.loader.records
        written = records.position()  # before the files are looked at: it moves on after them
        found = records.receipts_of(sku_id)
        expected = []
        for record_id in self._chain_ids(sku_id):
            promise, seq = self._promise(record_id)
            expected.append(promise)
            if seq > written:
                found.setdefault(promise.path, promise.sha256)
        sku = self.get(Sku, sku_id)
        chain = Chain(
            store_id=self.store_id,
            sku_id=sku_id,
            expected=expected,
            found=self._without_newer(found, {promise.path for promise in expected}),
            read=records.read_plain,
            wanted=self._content,
            counted=None if sku is None else (sku.receipt_count, sku.head),
            andon_spans=[andon_span(andon, self.now) for andon in self.andons_of(sku_id)],
            max_gap_hours=setting(self.policy(), "max_gap_hours"),
        )
        return judge(chain, self.now)

    def work_orders(self, where: Filter, limit: int | None, sort: str) -> Iterator[WorkOrder]:
        """The work orders that meet the filter, in the order of `sort`."""
        yield from self.records(WorkOrder, self._ids("work_order", where, limit, sort))

    def skus(self, where: Filter, limit: int | None) -> Iterator[Sku]:
        """The SKUs that meet the filter, oldest first."""
        yield from self.records(Sku, self._ids("sku", where, limit, "created, id"))

    def receipts(self, where: Filter, limit: int | None) -> Iterator[Receipt]:
        """The receipts that meet the filter, oldest first."""
        yield from self.records(Receipt, self._ids("receipt", where, limit, "n"))

    def andon_events(self, where: Filter, limit: int | None) -> Iterator[AndonEvent]:
        """The Andons that meet the filter, oldest first."""
        yield from self.records(AndonEvent, self._ids("andon_event", where, limit, "n"))

    def analyses(self, where: Filter, limit: int | None) -> Iterator[Analysis]:
        """The root-cause analyses that meet the filter, oldest first."""
        yield from self.records(Analysis, self._ids("analysis", where, limit, "n"))

    def ids(self, table: str, where: Filter, sort: str = "n", limit: int | None = None) -> list[str]:
        """The ids that meet the filter, oldest first."""
        return list(self._ids(table, where, limit, sort))

    def deadlines(self, where: Filter) -> Iterator[tuple[str, Bucket, int, str | None]]:
        """Id, bucket, deadline in milliseconds and `sla_andon_id` of the work orders that meet the filter."""
        sql = "SELECT bucket, deadline, sla_andon FROM work_order WHERE id=?"
        for order_id in self.ids("work_order", where):
            bucket, deadline, andon_id = self.loader.index.db.execute(sql, (order_id,)).fetchone()
            yield order_id, Bucket(bucket), deadline, andon_id

    def order_facts(self, period: Period) -> "Iterator[OrderFacts]":
        """The work orders that were created in the period, oldest first."""
        from tcps.rules.order_report import OrderFacts

        sql = """SELECT id, bucket, status, priority, created, deadline, completed FROM work_order
                 WHERE created >= ? AND created < ? ORDER BY n"""
        rows = self.loader.index.db.execute(sql, (to_ms(period.start), to_ms(period.end)))
        for order_id, bucket, status, *rest in rows:
            yield OrderFacts(order_id, Bucket(bucket), WorkOrderStatus(status), *rest)

    def andons_created(self, period: Period) -> list[AndonEvent]:
        """The Andons that were created in the period, oldest first."""
        where = Filter().add("created >= ? AND created < ?", to_ms(period.start), to_ms(period.end))
        return list(self.andon_events(where, None))

    def history(self, kind: str, record_id: str) -> list[int]:
        """The sequence numbers of the ledger entries that changed a record."""
        sql = "SELECT seq FROM change WHERE kind=? AND id=? ORDER BY seq"
        return [seq for (seq,) in self.loader.index.db.execute(sql, (kind, record_id))]

    def changed_before(self, kind: str, record_id: str, seq: int) -> int | None:
        """The number of the last entry before `seq` that changed a record."""
        sql = "SELECT max(seq) FROM change WHERE kind=? AND id=? AND seq<?"
        found: int | None = self._one(sql, kind, record_id, seq)
        return found

    def as_ledger(self) -> "View":
        """The same moment, with every record read from the ledger's own lines, whatever its file shows."""
        return View(self.loader.of_ledger(), self.store_id, self.now, self.actor)

    def entry_of_key(self, key: str) -> Entry | None:
        """The ledger entry that was made with this idempotency key."""
        seq = self._one("SELECT seq FROM idempotency WHERE key=?", key)
        return None if seq is None else self.loader.entry(seq)

    def counts(self, table: str, column: str) -> dict[str, int]:
        """How many records the index has for each value of a column."""
        sql = f"SELECT {column}, count(*) FROM {table} GROUP BY {column}"
        return dict(self.loader.index.db.execute(sql).fetchall())

    def skus_by_stage(self) -> dict[Stage, int]:
        """How many SKUs in production are at each stage that has any, in the order of stages."""
        sql = "SELECT stage, count(*) FROM sku WHERE status='in_production' GROUP BY stage ORDER BY stage"
        return {STAGES[number - 1]: n for number, n in self.loader.index.db.execute(sql)}

    def wip_by_bucket(self) -> dict[Bucket, int]:
        """WIP of every bucket that has any."""
        sql = "SELECT bucket, count(*) FROM work_order WHERE status='in_progress' GROUP BY bucket"
        return {Bucket(bucket): n for bucket, n in self.loader.index.db.execute(sql)}

    def ids_like(self, table: str, start: str, limit: int) -> tuple[str, ...]:
        """Ids that start with a text, for completion in the shell."""
        sql = f"SELECT id FROM {table} WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"
        return self._column(sql, start, start + "\U0010ffff", limit)

    def _ids(self, table: str, where: Filter, limit: int | None, sort: str) -> Iterator[str]:
        sql = f"SELECT id FROM {table} {where.sql()} ORDER BY {sort} LIMIT ?"
        values = (*where.values, -1 if limit is None else limit)
        for (record_id,) in self.loader.index.db.execute(sql, values):
            yield record_id

    def _chain_ids(self, sku_id: str) -> tuple[str, ...]:
        return self._column("SELECT id FROM receipt WHERE sku_id=? ORDER BY sequence", sku_id)

    def _promise(self, record_id: str) -> tuple[Expected, int]:
        """A receipt by the ledger's own line, and that line's number."""
        row = self.loader.row("receipt", record_id)
        assert row is not None
        receipt = msgspec.json.decode(self.loader.from_ledger(row), type=Receipt)
        return Expected.of(receipt, row.path, row.sha256), row.seq

    def _content(self, promise: Expected) -> bytes:
        """The bytes of a receipt by the ledger's own line."""
        row = self.loader.row("receipt", promise.receipt_id)
        assert row is not None
        return self.loader.from_ledger(row)

    def _without_newer(self, found: dict[str, str | None], known: set[str]) -> dict[str, str | None]:
        """The files without those of receipts that were added after this snapshot."""
        if found.keys() <= known:
            return found
        changes = (c for c in self.loader.newer_changes() if c.kind == "receipt" and not c.is_reservation)
        newer = {relative_path(change.kind, change.id, change.record) for change in changes}
        return {path: sha256 for path, sha256 in found.items() if path in known or path not in newer}

    def _one(self, sql: str, *values: Any) -> Any:
        row = self.loader.index.db.execute(sql, values).fetchone()
        return None if row is None else row[0]

    def _column(self, sql: str, *values: Any) -> tuple[str, ...]:
        return tuple(value for (value,) in self.loader.index.db.execute(sql, values))
