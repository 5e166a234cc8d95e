"""A salvage in words: one step for each thing that is done, taken or lost."""

from collections.abc import Iterator, Mapping, Sequence

from tcps.ledger import Change, Entry, Ledger
from tcps.model import Sku
from tcps.projections.records import relative_path, sku_folder
from tcps.store.repair import Step
from tcps.store.salvage.source import Source, State


def cut(ledger: Ledger, source: Source, moved: Sequence[str]) -> Iterator[Step]:
    """What of the ledger goes to quarantine, and what is `moved` there whole."""
    head = source.head
    kept = f"{head.seq} entries are kept; after them: {source.reason or 'nothing that can be read'}"
    for segment in ledger.segments():
        start = head.offset if segment == head.segment else 0
        if segment in source.odd:
            continue
        if segment >= head.segment and ledger.disk.size(ledger.path(segment)) > start:
            yield Step(f"ledger/{ledger.path(segment).name}", "cut", f"from byte {start}; {kept}")
    for name in moved:
        yield Step(name, "quarantine", "it is not what its name says, or not of the entries that are kept")


def take(state: State) -> Step:
    """A state that is newer than the kept lines know."""
    change = state.change
    if change.record is None:
        return Step(f"{change.kind}/{change.id}", "take", f"{change.id} was deleted, by {state.shown_by}")
    path = relative_path(change.kind, change.id, change.record)
    return Step(path, "take", f"revision {change.revision} of {change.id}, by {state.shown_by}")


def lose(state: State) -> Step:
    """A receipt that is not taken."""
    change = state.change
    path = relative_path(change.kind, change.id, change.record)
    return Step(path, "lose", f"{change.id}, by {state.shown_by}: no chain that its SKU knows leads to it")


def missing(sku: Sku, count: int) -> Step:
    """Receipts of which nothing is known but that they were."""
    path = f"{sku_folder(sku.id)}/receipts"
    return Step(path, "lose", f"{count} of the {sku.receipt_count} receipts that {sku.id} had")


def reserve(change: Change) -> Step:
    """An id that was given, and of whose record nothing is known."""
    return Step("ledger", "reserve", f"{change.id} was given, and will not be given again")


def forget(key: str) -> Step:
    """An idempotency key that no entry will have."""
    return Step("ledger", "forget", f"the idempotency key {key!r}: a call with it will act again")


def append(entry: Entry) -> Step:
    """A new entry."""
    receipts = sum(change.kind == "receipt" for change in entry.changes)
    what = f"{len(entry.changes)} records, {receipts} of them receipts"
    return Step("ledger", "append", f"entry {entry.seq}, {entry.action} by {entry.actor}: {what}")


def files(found: Mapping[str, str | None], expected: Mapping[str, str]) -> Iterator[Step]:
    """What will then be done to record files."""
    for path in sorted({*found, *expected}):
        if path not in expected:
            yield Step(path, "quarantine", "no entry of the ledger has it")
        elif path not in found:
            yield Step(path, "rewrite", "its file is gone; if a lost entry deleted the record, it is back")
        elif found[path] != expected[path]:
            yield Step(path, "rewrite", "its file is not the newest known state")
