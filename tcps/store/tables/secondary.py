"""A secondary index in memory: the ids of the records that have a value, in the order of the records."""

from bisect import bisect_left, insort
from collections.abc import Callable, Hashable, Iterable
from itertools import chain
from typing import Generic, TypeVar

R = TypeVar("R")
Entry = tuple[int, str]
"""A record's place in the order of its kind, which never changes, and its id."""


class Secondary(Generic[R]):
    """The entries of every record by what `of` gives for it."""

    def __init__(self, of: Callable[[R], Hashable]) -> None:
        self._of = of
        self._entries: dict[Hashable, list[Entry]] = {}

    def move(self, entry: Entry, before: R | None, after: R | None) -> None:
        """The record with this entry was `before` and is `after`; None where it is not there."""
        if before is not None and after is not None and self._of(before) == self._of(after):
            return
        if before is not None:
            self._discard(entry, self._of(before))
        if after is not None:
            insort(self._entries.setdefault(self._of(after), []), entry)

    def entries(self, values: Iterable[Hashable]) -> list[Entry]:
        """The entries of all records that have one of these values, in their order. Not to be changed."""
        found = [self._entries[value] for value in set(values) if value in self._entries]
        return found[0] if len(found) == 1 else sorted(chain.from_iterable(found))

    def _discard(self, entry: Entry, value: Hashable) -> None:
        entries = self._entries[value]
        del entries[bisect_left(entries, entry)]
        if not entries:
            del self._entries[value]
