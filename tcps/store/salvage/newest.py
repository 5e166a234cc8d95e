"""Which states of records a salvage takes (format 5.7): pure choices among what was shown.

The newest known state of a record is the one of the highest revision among the kept lines, the later
lines and the record files; where two have the same revision, the one that comes first in that order. A
deletion is final. A receipt never changes: it is taken where its SKU's chain leads to it.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from tcps.model import Receipt, Sku
from tcps.store.salvage.source import State

Key = tuple[str, str]


class Held(NamedTuple):
    """What the kept lines say of a record: its revision, the digest of its file (None: deleted)."""

    revision: int
    sha256: str | None


class End(NamedTuple):
    """The end of a chain: how many receipts it has, and the digest that the next one will name."""

    length: int
    head: str


def newest(
    held: Callable[[Key], Held | None], later: Iterable[State], files: Iterable[State]
) -> dict[Key, State]:
    """The states, of all records but receipts, that are newer than what is held."""
    taken: dict[Key, State] = {}
    for state in [*later, *files]:
        if state.change.kind != "receipt" and _is_newer(state, held(state.key), taken.get(state.key)):
            taken[state.key] = state
    return taken


def _is_newer(state: State, held: Held | None, taken: State | None) -> bool:
    if (held is not None and held.sha256 is None) or (taken is not None and taken.record is None):
        return False  # it was deleted, and ids are not given again
    if state.record is None:
        return True
    known = [held.revision if held else 0, taken.change.revision if taken else 0]
    return state.change.revision > max(known)


class Chains:
    """The chains of receipts, as far as they can be continued.

    `held` is what the kept lines have of a record, `end` where they leave a SKU's chain, `sku` what the
    newest state of a SKU is.
    """

    def __init__(
        self,
        held: Callable[[Key], Held | None],
        end: Callable[[str], End],
        sku: Callable[[str], Sku | None],
    ) -> None:
        self.taken: dict[Key, State] = {}
        self.lost: list[State] = []
        self._held = held
        self._end = end
        self._sku = sku

    def extend(self, later: Sequence[State], files: Iterable[State]) -> None:
        """Take every receipt to which its chain leads; a file that contradicts a line is no evidence."""
        lines, shown = self._new(later), self._new(files)
        said = {state.key: state.change.sha256 for state in reversed(lines)}
        shown = [state for state in shown if said.get(state.key) != state.change.sha256]
        for sku_id in sorted({receipt_of(state).sku_id for state in [*lines, *shown]}):
            own = [state for state in lines if receipt_of(state).sku_id == sku_id]
            others = [state for state in shown if receipt_of(state).sku_id == sku_id]
            sku = self._sku(sku_id)
            if sku is not None:
                usable = [state for state in others if state.key not in said]
                self._continue(sku, own, _confirmed(usable, _named(sku, own, later)))
            self.lost += [state for state in [*own, *others] if self.taken.get(state.key) != state]

    def _new(self, states: Iterable[State]) -> list[State]:
        return [s for s in states if isinstance(s.record, Receipt) and self._held(s.key) is None]

    def _continue(self, sku: Sku, lines: Sequence[State], files: Sequence[State]) -> None:
        """Follow a chain as far as the SKU's newest state knows it."""
        end = self._end(sku.id)
        while end.length < sku.receipt_count:
            spoken = any(receipt_of(line).sequence == end.length + 1 for line in lines)
            state = self._follower(lines if spoken else files, end)
            if state is None:
                return
            self.taken[state.key] = state
            end = End(end.length + 1, f"sha256:{state.change.sha256}")

    def _follower(self, states: Iterable[State], end: End) -> State | None:
        for state in states:
            receipt = receipt_of(state)
            fits = (receipt.sequence, receipt.previous) == (end.length + 1, end.head)
            if fits and state.key not in self.taken:
                return state
        return None


def _named(sku: Sku, lines: Iterable[State], later: Iterable[State]) -> dict[int, str]:
    """The digests of a SKU's receipts, by sequence, as later lines and its newest state name them."""
    named: dict[int, str] = {}
    for line in lines:
        named.setdefault(receipt_of(line).sequence - 1, receipt_of(line).previous)
    for record in [*(state.record for state in later), sku]:
        if isinstance(record, Sku) and record.id == sku.id:
            named.setdefault(record.receipt_count, record.head)
    return named


def _confirmed(files: Iterable[State], named: dict[int, str]) -> list[State]:
    """The files without those in whose place another receipt is named, be it by the receipt after it."""
    kept = []
    for state in sorted(files, key=lambda state: -receipt_of(state).sequence):
        receipt, digest = receipt_of(state), f"sha256:{state.change.sha256}"
        if named.get(receipt.sequence, digest) == digest:
            kept.append(state)
            if receipt.sequence in named:
                named.setdefault(receipt.sequence - 1, receipt.previous)
    return kept


def receipt_of(state: State) -> Receipt:
    """The receipt that a state of a receipt shows."""
    assert isinstance(state.record, Receipt)
    return state.record
