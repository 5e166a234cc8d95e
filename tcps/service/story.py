"""Ledger entries told in plain words, each change beside the state before it."""

from collections.abc import Iterator
from functools import lru_cache

import msgspec

from tcps.ledger import Change, Entry
from tcps.model import KINDS, Json, Record
from tcps.rules import story
from tcps.rules.story import Told
from tcps.store import View

_KEPT = 4
"""How many entries are kept while others refer to them; one can be large."""
_NAMING = ("sku_id", "work_order_id", "andon_id")
"""The fields by which a record names another one whose story it is part of."""


class Teller:
    """Tells entries from one view."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._changes = lru_cache(_KEPT)(self._read)

    def story(self, entry: Entry, kind: str | None = None, about: str | None = None) -> Iterator[Json]:
        """What an entry did: the record's id, the event, a sentence.

        Of one `kind` alone, and of one record alone (`about`) and those that name it.
        """
        for change in entry.changes:
            if kind in (None, change.kind) and (about in (None, change.id) or about in _named(change)):
                for told in self.change(entry.seq, change):
                    yield {"id": change.id, "event": told.event, "text": told.text}

    def change(self, seq: int, change: Change) -> list[Told]:
        """What one change did."""
        before = None if change.revision == 1 else self._before(seq, change)
        return story.told(before, record_of(change))

    def _before(self, seq: int, change: Change) -> Record | None:
        earlier = self.view.changed_before(change.kind, change.id, seq)
        return None if earlier is None else self._changes(earlier).get((change.kind, change.id))

    def _read(self, seq: int) -> dict[tuple[str, str], Record | None]:
        entry = self.view.loader.entry(seq)
        return {(change.kind, change.id): record_of(change) for change in entry.changes}


def record_of(change: Change) -> Record | None:
    """The record as a change left it; None for a deletion."""
    return None if change.record is None else msgspec.convert(change.record, KINDS[change.kind])


def _named(change: Change) -> list[str]:
    record: Json = change.record or {}
    return [record[name] for name in _NAMING if isinstance(record.get(name), str)]
