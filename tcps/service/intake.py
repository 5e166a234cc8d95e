"""Use cases of intake: work orders from options, and from the pull signals of any source."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from typing import Any, BinaryIO, NamedTuple

import msgspec

from tcps.canonical import line_bytes, parse_input, plain
from tcps.errors import InvalidInput, NotFound, Refused, TcpsError, missing
from tcps.ledger import LINE_BYTES
from tcps.model import Json, WorkOrder
from tcps.model.text import LABEL, required
from tcps.rules import signals, work_orders
from tcps.rules.signals import Demand, Ignored
from tcps.service import views
from tcps.service.items import Item, items
from tcps.service.trial import tried
from tcps.store import Store, View

INPUT_BYTES = 256 * 1024 * 1024
"""The most bytes of signals that are taken in one transaction."""
_FAULTS = (InvalidInput, Refused, NotFound)
"""What can be wrong with one signal; any other error is one of the store."""

Read = tuple[str, Demand | Ignored | TcpsError]
"""A signal's place, and what was read there."""


class Result(NamedTuple):
    """What became of one signal.

    `outcome` is `created`, `duplicate` (the order that is there, unchanged), `ignored` (for the
    `reason`) or, where invalid ones are skipped, `invalid` (for the `error`).
    """

    place: str
    outcome: str
    order: Json | None = None
    andon_id: str | None = None
    reason: str | None = None
    error: TcpsError | None = None

    def as_json(self) -> Json:
        """What came of it, and where; with an order, the order and the Andon that it raised too."""
        value = {"outcome": self.outcome, "place": self.place or None}
        if self.order is not None:
            return self.order | value | {"andon_id": self.andon_id}
        return value | ({"reason": self.reason} if self.error is None else self.error.as_json())


def _unheard(what: str, count: int) -> None:
    """Progress that nobody asks for."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How signals are taken.

    `overrides` go before what a signal says. `key` is the idempotency key of the one transaction;
    `chunk` makes one of every so many signals. `derived`: orders with what is derived from others.
    `progress` is told `read` or `taken`, and how many signals were.
    """

    overrides: Mapping[str, Any] = {}
    key: str | None = None
    chunk: int | None = None
    skip_invalid: bool = False
    dry_run: bool = False
    derived: bool = True
    progress: Callable[[str, int], None] = _unheard


def create(store: Store, fields: Mapping[str, Any], key: str | None = None, dry_run: bool = False) -> Result:
    """Create a work order from the fields that it shall have."""
    demand = signals.read_demand(fields)
    with tried(store, dry_run):
        return _transaction(store, [("", demand)], 0, Options(key=key))[0]


def take(store: Store, stream: BinaryIO, options: Options) -> tuple[bool, Iterator[Result]]:
    """Take the pull signals of a stream: all in one transaction or none, or chunk by chunk.

    Gives whether it holds several or might have, and what becomes of each; the work is done while
    those are asked for. An error names the signal in `details.place`; with `details.taken` it says how
    many were taken by transactions before.
    """
    if options.chunk is not None and options.key is not None:
        raise InvalidInput("--idempotency-key names one transaction, --chunk makes several", code="usage")
    several, found = items(stream, "the pull signal")
    read = _read(found, several, options)
    chunks = iter(lambda: list(itertools.islice(read, options.chunk)), [])
    return several, _trial(store, chunks, options) if options.dry_run else _each(store, chunks, options)


def made_with(view: View, key: str) -> list[WorkOrder] | None:
    """The orders that the transaction with this idempotency key made, one that was deleted as it was then.

    None when there is no such transaction.
    """
    entry = view.entry_of_key(key)
    if entry is None:
        return None
    made = [change for change in entry.changes if change.kind == "work_order" and change.revision == 1]
    return [view.get(WorkOrder, c.id) or msgspec.convert(c.record, WorkOrder) for c in made]


def _each(store: Store, chunks: Iterator[list[Read]], options: Options) -> Iterator[Result]:
    """A transaction for each chunk, which is read before it, so that no writer waits for our input."""
    done = 0
    try:
        for chunk in chunks:
            results = _transaction(store, chunk, done, options)
            done += len(chunk)
            yield from results
    except TcpsError as error:
        if done:
            error.details["taken"] = done
            taken = f"the {done} before were taken; those with a source are duplicates when this is repeated"
            error.hint = f"{error.hint}; {taken}" if error.hint else taken
        raise
    if not done:
        raise missing(["a pull signal"], "--from")


def _trial(store: Store, chunks: Iterator[list[Read]], options: Options) -> Iterator[Result]:
    """The same, all of it read first, and nothing kept."""
    read = list(chunks)
    with tried(store):
        results = list(_each(store, iter(read), options))
    yield from results


def _read(found: Iterable[Item], several: bool, options: Options) -> Iterator[Read]:
    """What each signal asks for; what is wrong with it, where invalid ones are skipped."""
    size = 0
    for number, item in enumerate(found, 1):
        size += len(item.text)
        if options.chunk is None and size > INPUT_BYTES:
            raise _too_many(number, INPUT_BYTES)
        place = item.place if several else ""
        wanted: Demand | Ignored | TcpsError
        try:
            wanted = signals.read_signal(parse_input(item.text, item.place), options.overrides)
        except _FAULTS as error:
            wanted = _fault(error, place, options)
        options.progress("read", number)
        yield place, wanted


def _transaction(store: Store, chunk: Iterable[Read], done: int, options: Options) -> list[Result]:
    """One transaction; what a known idempotency key made then."""
    key = None if options.key is None else required("idempotency_key", options.key, "a work order", LABEL)
    with store.transaction("work_order.create", key) as draft:
        before = None if key is None else made_with(draft, key)
        if before is not None:
            return [Result("", "duplicate", _shown(draft, order, options)) for order in before]
        results: list[Result] = []
        room = LINE_BYTES
        for place, found in chunk:
            result, size = _taken(store, draft, place, found, options)
            results.append(result)
            room -= size
            if room < 0:  # said now, before what cannot fit fills the memory
                raise _too_many(len(results), LINE_BYTES)
            options.progress("taken", done + len(results))
    return results


def _taken(
    store: Store, draft: Any, place: str, found: Demand | Ignored | TcpsError, options: Options
) -> tuple[Result, int]:
    """What becomes of one signal, and how many bytes of the transaction it takes at least."""
    if isinstance(found, TcpsError):
        return Result(place, "invalid", error=found), 0
    if isinstance(found, Ignored):
        return Result(place, "ignored", reason=found.reason), 0
    try:  # a part of the transaction, where it may fail alone
        with store.transaction("work_order.create") if options.skip_invalid else nullcontext():
            intake = work_orders.create(draft, found)
    except _FAULTS as error:
        return Result(place, "invalid", error=_fault(error, place, options)), 0
    andon_id = None if intake.andon is None else intake.andon.id
    size = len(line_bytes(plain(intake.order))) if intake.outcome == "created" else 0
    return Result(place, intake.outcome, _shown(draft, intake.order, options), andon_id), size


def _shown(view: View, order: WorkOrder, options: Options) -> Json:
    return views.work_order(view, order) if options.derived else plain(order)


def _fault(error: TcpsError, place: str, options: Options) -> TcpsError:
    """The error with its place, raised unless invalid signals are skipped."""
    if place:
        error.details["place"] = place
        if not error.message.startswith(place):
            error.message = f"{place}: {error.message}"
    if options.skip_invalid:
        return error
    if place and error.hint is None:
        error.hint = "--skip-invalid takes the others and lists what it leaves out"
    raise error


def _too_many(number: int, limit: int) -> InvalidInput:
    return InvalidInput(
        f"{number} signals are more than the {limit} bytes that one transaction can have",
        code="too_large",
        hint="--chunk 10000 makes a transaction of every 10000",
        details={"limit": limit},
    )
