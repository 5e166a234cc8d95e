"""Store: the library's public surface (interface 8), which the command line uses too.

What only some methods need is imported by them: a command pays for what it uses.
"""

import contextlib
import weakref
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import msgspec

from tcps.canonical import sha256_hex
from tcps.errors import IntegrityError, invalid_field, not_found
from tcps.files import Disk
from tcps.ledger import Entry
from tcps.merkle import Checkpoint, Signed
from tcps.model import (
    AndonEvent,
    AndonStatus,
    Bucket,
    Clock,
    Receipt,
    Record,
    Sku,
    Stage,
    WorkOrder,
    WorkOrderStatus,
    parse_enum,
    system_clock,
)
from tcps.model.text import LABEL, checked_id, required
from tcps.store import giving, location
from tcps.store.draft import Draft
from tcps.store.engine import Engine
from tcps.store.filters import Filter
from tcps.store.view import View
from tcps.user import user_name

if TYPE_CHECKING:
    from rdflib import Graph as RdflibGraph

    from tcps.backup import Listed, Made, Verdict
    from tcps.backup.pruning import Pruned
    from tcps.keys import SigningKey
    from tcps.merkle.bundle import Proof
    from tcps.ontology.answers import Answer
    from tcps.ontology.documents import Form
    from tcps.ontology.limits import Limits
    from tcps.ontology.process import Worker
    from tcps.ontology.remote import Server
    from tcps.rules.retention import Keep
    from tcps.store.comparing import Compared
    from tcps.store.conformance import Judged
    from tcps.store.graph import Content, Graph, Rebuilt
    from tcps.store.production import Production
    from tcps.store.pushing import Pushed
    from tcps.store.repair import Step
    from tcps.store.restoring import Restored
    from tcps.store.tables import Tables
    from tcps.verify import Anchor, Progress, Report, Trust

R = TypeVar("R", bound=Record)
Given = Mapping[str, Any]


class Store:
    """One store, open. Use it as a context manager; threads may share it.

    `actor` is who acts; it lands in the ledger. `wait` bounds the wait for the writer's lock, in
    seconds. Any method may raise `TcpsError`: `IntegrityError` on reading a record that is not what
    the ledger says, `LockTimeout`, or `storage_error` on a failure of the file system.
    """

    def __init__(self, engine: Engine, actor: str) -> None:
        self.engine = engine
        self.actor = actor
        self._graphs: dict[str, Graph] = {}
        self._tables: weakref.WeakSet[Tables] = weakref.WeakSet()

    @classmethod
    def open(
        cls,
        path: str | Path = ".",
        *,
        actor: str | None = None,
        wait: float = 30.0,
        clock: Clock = system_clock,
        disk: Disk | None = None,
    ) -> "Store":
        """Open the store in `path`, a `.tcps` folder or the folder that holds one. Raises NoStore."""
        folder = location.find(str(path), Path.cwd())
        who = required("actor", actor or user_name(), "a store", LABEL)
        return cls(Engine(folder, disk=disk, clock=clock, wait=wait), who)

    @classmethod
    def create(cls, path: str | Path = ".", **options: Any) -> "Store":
        """Make the store in `path`/.tcps, or open the one that is there; options are those of `open`."""
        location.create(Path(path), options.get("disk"), options.get("clock", system_clock))
        return cls.open(path, **options)

    def close(self) -> None:
        """Give every descriptor back, and end the processes that answer queries."""
        for graph in self._graphs.values():
            graph.close()
        for tables in list(self._tables):
            tables.close()
        self.engine.close()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def folder(self) -> Path:
        """The `.tcps` folder."""
        return self.engine.fold.folder

    @property
    def store_id(self) -> str:
        """The random id of the store."""
        return self.engine.identity.store_id

    @property
    def notices(self) -> list[str]:
        """What a person should know though nothing failed, such as a torn tail that was cut off."""
        return self.engine.fold.notices

    @contextlib.contextmanager
    def transaction(self, action: str = "transaction", key: str | None = None) -> Iterator[Draft]:
        """Everything done inside is one entry of the ledger: all of it or nothing.

        Inside another transaction it is a part of that one, which alone is undone when it raises.
        `action` names it in the ledger; `key` is an idempotency key.
        """
        with self.engine.transaction(self.actor, action, key) as draft:
            yield draft

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """Transactions inside share one sync: each is whole or not there, and none is before the end.

        If the body raises, none of them is kept.
        """
        with self.engine.batch():
            yield

    @contextlib.contextmanager
    def view(self) -> Iterator[View]:
        """A snapshot: as long as it is open, what it says does not change."""
        with self.engine.view(self.actor) as view:
            yield view

    def tables(self, limit: int = 100_000) -> "Tables":
        """New tables of the store's records, for a program that lives long; closed with the store.

        Each table holds at most `limit` records.
        """
        from tcps.store.tables import Tables

        tables = Tables(self, limit)
        self._tables.add(tables)
        return tables

    @property
    def production(self) -> "Production":
        """What people do: pull, start, cancel, run, resolve, analyse, improve, one transaction each."""
        from tcps.store.production import Production

        return Production(self)

    # Receipts

    def store_receipt(self, receipt: Receipt | Given) -> Receipt:
        """Record a run of a stage: the gate is judged, the receipt chained, a failure raises its Andon.

        Takes sku_id, stage, and any of status, metrics, evidence, artifacts, duration_ms, timestamp.
        """
        self._refuse_own_id(Receipt, receipt)
        from tcps.rules import pipeline

        given = giving.fields(Receipt, receipt, pipeline.RUN_FIELDS)
        run = pipeline.read_run(**giving.needed(given, ("sku_id", "stage"), "a receipt"))
        with self.transaction("receipt.add") as draft:
            return pipeline.record(draft, run).receipt

    def get_receipt(self, receipt_id: str) -> Receipt:
        """The receipt. Raises NotFound."""
        return self._get(Receipt, receipt_id)

    def load_receipt(self, path: str | Path) -> Receipt:
        """The receipt in a file, checked for form only; `verify_receipt` asks the ledger too."""
        return giving.receipt_file(Path(path))

    def list_receipts_by_sku(self, sku_id: str) -> list[Receipt]:
        """The SKU's receipts by sequence."""
        with self.view() as view:
            return list(view.chain(checked_id("sku_id", sku_id)))

    def list_receipts_by_stage(self, stage: Stage | str) -> list[Receipt]:
        """Every receipt of a stage, oldest first."""
        where = Filter().one_of("stage", [parse_enum(Stage, stage).number])
        with self.view() as view:
            return list(view.receipts(where, None))

    def verify_receipt(self, receipt: str | Path) -> Receipt:
        """Check one receipt, by id or by file, against the ledger's own line, byte for byte.

        Raises NotFound when the ledger does not know it, IntegrityError when the bytes differ.
        """
        path = Path(receipt)
        given = path.read_bytes() if path.is_file() else None
        receipt_id = str(receipt) if given is None else giving.receipt_file(path).id
        with self.view() as view:
            row = view.loader.row("receipt", checked_id("receipt_id", receipt_id))
            if row is None:
                raise not_found("receipt", receipt_id)
            content = view.loader.load(row) if given is None else given
            if sha256_hex(content) != row.sha256 or content != view.loader.from_ledger(row):
                raise IntegrityError(
                    f"{receipt} is not receipt {row.id} as the ledger holds it",
                    details={"expected": f"sha256:{row.sha256}", "got": f"sha256:{sha256_hex(content)}"},
                )
        return msgspec.json.decode(content, type=Receipt)

    # Work orders

    def store_work_order(self, order: WorkOrder | Given) -> WorkOrder:
        """Create a work order from title, description, labels, bucket, priority, due_on, metadata,
        sku_id, depends_on, and its pull signal's type and source. The same source again gives the
        order that is there."""
        from tcps.rules import signals, work_orders

        self._refuse_own_id(WorkOrder, order)
        given = giving.fields(WorkOrder, order, signals.ORDER_FIELDS)
        demand = signals.read_demand(given)
        with self.transaction("work_order.create") as draft:
            return work_orders.create(draft, demand).order

    def get_work_order(self, work_order_id: str) -> WorkOrder:
        """The work order. Raises NotFound."""
        return self._get(WorkOrder, work_order_id)

    def list_work_orders(self, limit: int | None = None) -> list[WorkOrder]:
        """Every work order, oldest first."""
        return self._work_orders(Filter(), limit)

    def list_work_orders_by_status(self, status: WorkOrderStatus | str) -> list[WorkOrder]:
        """The work orders of a status, oldest first."""
        return self._work_orders(Filter().one_of("status", [parse_enum(WorkOrderStatus, status)]))

    def list_work_orders_by_bucket(self, bucket: Bucket | str) -> list[WorkOrder]:
        """The work orders of a bucket, oldest first."""
        return self._work_orders(Filter().one_of("bucket", [parse_enum(Bucket, bucket)]))

    def update_work_order(self, order: WorkOrder | Given) -> WorkOrder:
        """Store a changed work order. Raises Conflict when its revision is not the current one.

        A record is compared with what is stored; a mapping names work_order_id, revision and only
        what changes.
        """
        from tcps.rules import work_orders

        order_id, revision, given = giving.update(WorkOrder, order)
        with self.transaction("work_order.update") as draft:
            changed = giving.changed(draft.get(WorkOrder, order_id), given)
            return work_orders.update(draft, order_id, changed, revision)

    def delete_work_order(self, work_order_id: str) -> WorkOrder:
        """Remove a queued or cancelled work order without SKUs; gives it as it was."""
        from tcps.rules import work_orders

        with self.transaction("work_order.delete") as draft:
            return work_orders.delete(draft, work_order_id)

    # SKUs

    def store_sku(self, sku: Sku | Given) -> Sku:
        """Put a SKU at the first stage, from work_order_id and any of sku_id, metadata; the order is started.

        Without an id it gets the one that its order wants, else the next SKU-<n>.
        """
        from tcps.rules import pipeline

        given = giving.fields(Sku, sku, pipeline.SKU_FIELDS)
        giving.needed(given, ("work_order_id",), "a SKU")
        with self.transaction("sku.create") as draft:
            return pipeline.create(draft, **given)

    def get_sku(self, sku_id: str) -> Sku:
        """The SKU. Raises NotFound."""
        return self._get(Sku, sku_id)

    def list_skus(self, limit: int | None = None) -> list[Sku]:
        """Every SKU, oldest first."""
        with self.view() as view:
            return list(view.skus(Filter(), limit))

    def list_skus_by_work_order(self, work_order_id: str) -> list[Sku]:
        """The SKUs of a work order, oldest first."""
        with self.view() as view:
            return list(view.skus_of(checked_id("work_order_id", work_order_id)))

    def advance_sku(self, sku_id: str) -> Sku:
        """Move a SKU on: its newest receipt passes, and no Andon blocks."""
        from tcps.rules import pipeline

        with self.transaction("sku.advance") as draft:
            return pipeline.advance(draft, sku_id)

    def publish_sku(self, sku_id: str) -> Sku:
        """Publish a completed SKU: no open Andon, its chain intact and complete."""
        from tcps.rules import pipeline

        with self.transaction("sku.publish") as draft:
            return pipeline.publish(draft, sku_id)

    # Andon events

    def store_andon_event(self, event: AndonEvent | Given) -> AndonEvent:
        """Trigger an Andon from sku_id, failure_type and any of stage, severity, work_order_id, details."""
        from tcps.rules import andon

        self._refuse_own_id(AndonEvent, event)
        given = giving.fields(AndonEvent, event, andon.TRIGGER_FIELDS)
        with self.transaction("andon.trigger") as draft:
            needed = {"sku_id": None, "failure_type": None}
            return andon.trigger(draft, **(needed | given))

    def get_andon_event(self, andon_id: str) -> AndonEvent:
        """The Andon event. Raises NotFound."""
        return self._get(AndonEvent, andon_id)

    def list_andon_events(self, limit: int | None = None) -> list[AndonEvent]:
        """Every Andon event, oldest first."""
        with self.view() as view:
            return list(view.andon_events(Filter(), limit))

    def list_andon_events_by_status(self, status: AndonStatus | str) -> list[AndonEvent]:
        """The Andon events of a status, oldest first."""
        where = Filter().one_of("status", [parse_enum(AndonStatus, status)])
        with self.view() as view:
            return list(view.andon_events(where, None))

    def update_andon_event(self, event: AndonEvent | Given) -> AndonEvent:
        """Move an Andon on: to `investigating`, or to `resolved` with its resolution.

        Raises Conflict when its revision is not the current one; nothing else of it can change.
        """
        from tcps.rules import andon

        andon_id, revision, given = giving.update(AndonEvent, event)
        with self.transaction("andon.update") as draft:
            current = draft.get(AndonEvent, andon_id)
            changed = giving.changed(current, given)
            giving.require_current(current, andon_id, revision)
            if changed.keys() <= {"status"} and changed.get("status") == AndonStatus.INVESTIGATING:
                return andon.investigate(draft, andon_id)
            if "resolution" in changed and changed.keys() <= {"status", "resolution"}:
                return andon.resolve(draft, andon_id, **giving.resolution(changed["resolution"]))
        raise invalid_field(
            next(iter(changed), "status"), "cannot be changed so: an Andon is only investigated or resolved"
        )

    # The store

    def verify_chain(self, sku_id: str, **options: Any) -> "Report":
        """Check one SKU's chain against the ledger, every byte read again. Raises NotFound."""
        return self.verify_chains([checked_id("sku_id", sku_id)], **options)

    def verify_chains(
        self,
        sku_ids: list[str] | None = None,
        *,
        anchors: "Sequence[Anchor]" = (),
        trust: "Trust | None" = None,
        progress: "Progress | None" = None,
    ) -> "Report":
        """`verify_chain` of several SKUs, or (None) of all that the ledger knows, in one reading of it.

        The ledger is compared with the store's own checkpoints, whose signatures are held against the
        keys of `trust`, and with `anchors`. `progress` is told what is looked at, how much of it is
        done and how much there is.
        """
        from tcps import verify

        with self.engine.in_place():
            return verify.verify_chains(
                self.folder,
                self.engine.fold.disk,
                self.engine.identity.origin,
                self.store_id,
                sku_ids,
                self.engine.clock(),
                boot=self.engine.records.boot,
                anchors=anchors,
                trust=trust,
                progress=progress,
            )

    def verify_integrity(
        self,
        *,
        anchors: "Sequence[Anchor]" = (),
        trust: "Trust | None" = None,
        progress: "Progress | None" = None,
        sample: float = 1,
    ) -> "Report":
        """Check the whole store: ledger, checkpoints and `anchors`, every record file, every chain.

        With a `sample` below 1 the content of that share of the files is looked at, taken at random.
        """
        from tcps import verify

        with self.engine.in_place():
            return verify.verify_store(
                self.folder,
                self.engine.fold.disk,
                self.engine.identity.origin,
                self.store_id,
                self.engine.clock(),
                boot=self.engine.records.boot,
                anchors=anchors,
                trust=trust,
                progress=progress,
                sample=sample,
            )

    def repair(self, dry_run: bool = False, *, salvage: bool = False) -> "list[Step]":
        """Make the record files what the ledger says; gives the steps that were (or would be) done.

        What was there is kept in `quarantine/`. A damaged ledger is left as it is, unless `salvage` is
        asked for: then a new entry holds, by this actor's word, what can be read in spite of the damage.
        """
        from tcps.store import repair

        if salvage:
            from tcps.store.salvage import salvage as carried_out

            try:
                return carried_out(self.engine, self.actor, self.verify_integrity, dry_run=dry_run)
            finally:
                self.engine.tell()
        return repair.repair(self.engine, self.verify_integrity, dry_run=dry_run)

    def checkpoint(self, key: "SigningKey | None" = None, anchors: "Sequence[Anchor]" = ()) -> Signed:
        """Make the record files durable and write the tree's size and root to `checkpoint`.

        With a key it is signed, after every earlier checkpoint and the anchors are found consistent
        with the ledger; else IntegrityError.
        """
        if key is None:
            return self.engine.checkpoint()
        from tcps.store import proving

        return proving.sign(self.engine, key, anchors)

    def prove(self, receipt_id: str) -> "Proof":
        """The proof for others that a receipt is in the ledger (format 9.4). Raises NotFound."""
        from tcps.store import proving

        return proving.prove(self.engine, checked_id("receipt_id", receipt_id))

    def consistency(self, old: Checkpoint, new: Checkpoint) -> list[bytes]:
        """The proof that the tree of one checkpoint is a beginning of a later one's (RFC 6962, 2.1.2)."""
        from tcps.store import proving

        return proving.consistency(self.engine, old, new)

    def backup(
        self,
        kind: str = "full",
        *,
        to: str | Path | None = None,
        recipients: Sequence[str] = (),
        verify: bool = True,
        wait: float | None = None,
        progress: "Progress | None" = None,
    ) -> "Made":
        """Make a backup, `full` or `incremental`, in the place `to`, while others may write (format 13.5).

        Without `to` it goes where TCPS_BACKUP_DIR or the policy's `backup_dir` says, else to the user's
        own data. It is opened again and verified, unless told not to. It is encrypted to `recipients`, else
        to those of TCPS_BACKUP_RECIPIENTS_FILE or of the policy, if there are any. Raises IntegrityError when
        the ledger is damaged or does not go on from the newest backup; LockTimeout.
        """
        from tcps.store import backups

        return backups.backup(
            self.engine, kind, to, recipients=recipients, wait=wait, verify=verify, progress=progress
        )

    def list_backups(
        self, *, to: str | Path | None = None, identity: str | Path | None = None
    ) -> "list[Listed]":
        """The archives of the store in the place `to`, the oldest first; only their beginnings are read.

        Encrypted ones are opened with what is in the file `identity`, else in that of TCPS_BACKUP_IDENTITY.
        """
        from tcps.store import backups

        return backups.listed(self.engine, to, identity)

    def verify_backup(
        self,
        name: str | None = None,
        *,
        to: str | Path | None = None,
        identity: str | Path | None = None,
        progress: "Progress | None" = None,
    ) -> "Verdict":
        """The verdict on an archive in the place `to`, or (None) on the newest: it and all that it rests on.

        Every byte is read. Raises NotFound when there is none.
        """
        from tcps.store import backups

        return backups.verified(self.engine, name, to, identity=identity, progress=progress)

    def prune_backups(
        self,
        keep: "Keep | Given",
        *,
        to: str | Path | None = None,
        identity: str | Path | None = None,
        dry_run: bool = False,
        wait: float | None = None,
        progress: "Progress | None" = None,
    ) -> "Pruned":
        """Remove backups that `keep` does not keep, a mapping such as `{"daily": 7, "monthly": 12}`.

        What is kept keeps its parents; the newest archive that can be restored always stays. With
        `dry_run` nothing is removed. Raises InvalidInput for a policy that keeps nothing, IntegrityError
        where something would go and no archive can be restored; LockTimeout.
        """
        from tcps.rules.retention import read_keep
        from tcps.store import backups

        return backups.prune(
            self.engine,
            read_keep(keep),
            to,
            identity=identity,
            wait=wait,
            dry_run=dry_run,
            progress=progress,
        )

    @classmethod
    def restore(
        cls,
        path: str | Path,
        into: str | Path = ".",
        *,
        force: bool = False,
        to_sequence: int | None = None,
        to_time: str | None = None,
        accept_rollback: bool = False,
        identity: str | Path | None = None,
        anchors: "Sequence[Anchor]" = (),
        trust: "Trust | None" = None,
        actor: str | None = None,
        wait: float = 30.0,
        clock: Clock = system_clock,
        disk: Disk | None = None,
        progress: "Progress | None" = None,
    ) -> "Restored":
        """Restore a backup and those that it goes on from to `into`/.tcps, whole or not at all (format 14.1).

        A store that is there is replaced only with `force`, and kept under another name. `to_sequence` or
        `to_time` is the last entry that is restored. Where that store, or an anchor, knows of entries that
        are not in it, `accept_rollback` is needed, and an entry says so. Encrypted archives are opened with
        what is in the file `identity`, else in that of TCPS_BACKUP_IDENTITY. Raises Conflict
        (`store_exists`), IntegrityError, InvalidInput, LockTimeout.
        """
        from tcps.backup.wanted import Until
        from tcps.store import restoring, shelves

        disk = disk or Disk()
        folder = location.in_folder(Path(into))
        places = shelves.usual(folder, disk, identity)
        place, name = shelves.located(path, places, disk, identity)
        return restoring.restore(
            restoring.Request(
                place=place,
                name=name,
                folder=folder,
                actor=required("actor", actor or user_name(), "a store", LABEL),
                until=Until.read(to_sequence, to_time),
                force=force,
                accept_rollback=accept_rollback,
                anchors=anchors,
                trust=trust,
            ),
            restoring.Means(disk, clock, wait, places, progress),
        )

    # The ontology (extra `ontology`)

    def ontology(self, engine: str | None = None) -> "Graph":
        """The store as an RDF graph, kept by an engine: `oxigraph` or `rdflib`, or the best that is there."""
        from tcps.store.graph import Graph

        graph = Graph(self.engine, engine)
        return self._graphs.setdefault(graph.engine.name, graph)

    def query_ontology(
        self,
        sparql: str,
        bindings: Given | None = None,
        *,
        limits: "Limits | None" = None,
        worker: "Worker | None" = None,
    ) -> "Answer":
        """The answer to a SPARQL query, which can read the graph and do nothing else.

        `bindings` give variables values: `"<IRI>"`, texts, numbers, truth values, times. `worker` is a
        process that was started before the store was opened. Raises InvalidInput (`invalid_query`,
        `query_refused`), TcpsError (`query_limit`).
        """
        from tcps.ontology.binding import term, variable
        from tcps.ontology.limits import DEFAULT

        given = {variable(name): term(value) for name, value in (bindings or {}).items()}
        return self.ontology().ask(sparql, given, limits or DEFAULT, worker)

    def canned_query(
        self, name: str, params: Mapping[str, str] | None = None, *, limits: "Limits | None" = None
    ) -> "Answer":
        """The answer to a canned query (`tcps query --list`), from the index where it knows it.

        Raises NotFound, InvalidInput, TcpsError (`query_limit`).
        """
        from tcps.ontology import canned
        from tcps.ontology.limits import DEFAULT
        from tcps.store.canned import answer

        chosen, limits = canned.get(name), limits or DEFAULT
        values = chosen.values(params or {}, self.engine.clock())
        with self.view() as view:
            known = answer(view, name, values, limits)
        return self.ontology().ask_canned(chosen, values, limits) if known is None else known

    def rebuild_ontology(self, *, progress: "Progress | None" = None) -> "Rebuilt":
        """Make the graph anew from the ledger; says whether what was kept was the same."""
        return self.ontology().rebuild(progress)

    def validate_ontology(self, *, full: bool = False, progress: "Progress | None" = None) -> "Judged":
        """Whether the records that changed since all conformed, or all of them, conform to the shapes."""
        from tcps.store.conformance import validate

        return validate(self.engine, full=full, told=progress)

    def graph(self) -> "RdflibGraph":
        """The graph with the vocabulary as an `rdflib.Graph` of the caller's own. Raises Undecided."""
        from tcps.store.graph import as_rdflib

        return as_rdflib(self.engine)

    def push_ontology(self, server: "Server", *, full: bool = False) -> "Pushed":
        """Bring a SPARQL server to the ledger's head. Raises TcpsError (`endpoint_error`)."""
        from tcps.store.pushing import push

        return push(self.engine, server, full=full)

    def graph_content(self) -> "Content":
        """How many statements the graph has, and a digest of them."""
        return self.ontology().content()

    def export_ontology(self, *, with_terms: bool = False) -> str:
        """The graph as sorted canonical N-Triples, without any RDF library but for the vocabulary's terms."""
        from tcps.store.graph import exported

        return exported(self.engine, with_terms=with_terms)

    def compare_ontology(
        self, document: IO[bytes], form: "Form", *, with_terms: bool = False, limit: int = 10
    ) -> "Compared":
        """Whether a document states the same as the store; nothing of it is kept, nothing is fetched.

        Counts what it lacks and what it has beyond, and gives `limit` of each. Raises InvalidInput
        (`invalid_document`), Undecided (`no_engine`).
        """
        from tcps.ontology.reading import statements
        from tcps.store.comparing import compare

        return compare(self.engine, statements(document, form), with_terms=with_terms, limit=limit)

    def change_history(self, kind: str, record_id: str) -> list[Entry]:
        """Every ledger entry that changed a record, oldest first. Raises NotFound for one never there."""
        with self.view() as view:
            entries = [view.loader.entry(seq) for seq in view.history(kind, record_id)]
        if not entries:
            raise not_found(kind, record_id)
        return entries

    def _get(self, kind: type[R], record_id: str) -> R:
        checked_id(kind.id_field, record_id)
        with self.view() as view:
            record = view.get(kind, record_id)
        if record is None:
            raise not_found(kind.kind, record_id)
        return record

    def _work_orders(self, where: Filter, limit: int | None = None) -> list[WorkOrder]:
        with self.view() as view:
            return list(view.work_orders(where, limit, "n"))

    def _refuse_own_id(self, kind: type[R], given: R | Given) -> None:
        """An id that only the store gives: one that exists is a conflict, another is refused."""
        record_id = giving.own_id(kind, given)
        if record_id is not None:
            with self.view() as view:
                giving.refuse_given_id(kind, record_id, view.get(kind, record_id))
