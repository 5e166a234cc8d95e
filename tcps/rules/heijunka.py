"""Heijunka (domain 6.2): the levelled schedule of the buckets' queues, and the shares of a capacity.

The schedule hangs on nothing but its input: the queues, the policy's `max_consecutive`, and which
bucket the most recent starts were in. So starting the first slot again and again gives the whole of it.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tcps.model import Bucket


class Waiting(NamedTuple):
    """A queued order, as far as levelling looks at it."""

    work_order_id: str
    priority: int


class Lane(NamedTuple):
    """A bucket's queue at one moment: how many orders are in it, and the first of them."""

    left: int
    head: Waiting


class Recent(NamedTuple):
    """The bucket of the most recent start, and how many starts in a row were in it."""

    bucket: Bucket | None = None
    run: int = 0

    def then(self, bucket: Bucket) -> "Recent":
        """What it is after one more start."""
        return Recent(bucket, self.run + 1 if bucket is self.bucket else 1)


class Slot(NamedTuple):
    """One place of a schedule, from 1: the order that is to be started then."""

    slot: int
    work_order_id: str
    bucket: Bucket
    priority: int


Queues = Mapping[Bucket, Sequence[tuple[str, int]]]
"""The queue of each bucket, head first: as `Waiting`, or the same two values."""
_BUCKETS = tuple(Bucket)
_NOBODY = Waiting("", 0)
_EMPTY = Lane(0, _NOBODY)


def schedule(queues: Queues, recent: Recent, max_consecutive: int, capacity: int | None = None) -> list[Slot]:
    """The queued orders in levelled order, at most `capacity` of them; a moment's work for each."""
    orders: list[Sequence[tuple[str, int]]] = [queues.get(bucket, ()) for bucket in _BUCKETS]
    left = [len(queue) for queue in orders]
    rest = [iter(queue) for queue in orders]
    heads = [next(queue, _NOBODY) for queue in rest]
    urgency = [priority for _, priority in heads]
    last, run, total = _place(recent), recent.run, sum(left)
    slots: list[Slot] = []
    for taken in range(total if capacity is None else min(total, capacity)):
        chosen = _pick(left, total - taken, urgency, last, run, max_consecutive)
        last, run = chosen, run + 1 if chosen == last else 1
        order_id, priority = heads[chosen]
        slots.append(Slot(taken + 1, order_id, _BUCKETS[chosen], priority))
        left[chosen] -= 1
        heads[chosen] = following = next(rest[chosen], _NOBODY)
        urgency[chosen] = following[1]
    return slots


def pick(lanes: Mapping[Bucket, Lane], recent: Recent, max_consecutive: int) -> Bucket:
    """The bucket of the next slot, where at least one lane has orders."""
    seen = [lanes.get(bucket, _EMPTY) for bucket in _BUCKETS]
    left, urgency = [lane.left for lane in seen], [lane.head.priority for lane in seen]
    return _BUCKETS[_pick(left, sum(left), urgency, _place(recent), recent.run, max_consecutive)]


def allocation(queued: Mapping[Bucket, int], capacity: int) -> dict[Bucket, int]:
    """How a capacity is shared among the buckets that have orders: in proportion, at least one for each.

    Its sum is the capacity, or the number of queued orders where that is smaller.
    """
    waiting = {bucket: queued[bucket] for bucket in Bucket if queued.get(bucket)}
    total = sum(waiting.values())
    share = min(capacity, total)
    if share == total:
        return waiting
    if share < len(waiting):
        largest = sorted(waiting, key=lambda bucket: -waiting[bucket])[:share]
        return {bucket: 1 for bucket in waiting if bucket in largest}
    shares = dict.fromkeys(waiting, 1)
    for _ in range(share - len(waiting)):
        open_ = (bucket for bucket in waiting if shares[bucket] < waiting[bucket])
        shares[max(open_, key=lambda bucket: waiting[bucket] * share - shares[bucket] * total)] += 1
    return shares


def _place(recent: Recent) -> int:
    """The place of the most recent bucket in bucket order; -1 for none."""
    return -1 if recent.bucket is None else _BUCKETS.index(recent.bucket)


def _pick(left: list[int], total: int, urgency: list[int], last: int, run: int, max_consecutive: int) -> int:
    """The place of the next slot's bucket: of each, by place, how many of `total` are left, and its urgency.

    A bucket that has had its run rests, unless so much of it is left that it needs a longer one. Of the
    others: the most urgent head, then not one that has had the run that it needs, then the most left,
    then bucket order.
    """
    own = left[last] if last >= 0 else 0
    need = -(-(own + run) // (total - own + 1))
    sated = run >= need
    rests = sated and run >= max_consecutive
    chosen, best = -1, (0, False, 0)
    for place, count in enumerate(left):
        if count and urgency[place] >= best[0] and not (rests and place == last):
            rank = (urgency[place], not (sated and place == last), count)
            if rank > best:
                chosen, best = place, rank
    return chosen
