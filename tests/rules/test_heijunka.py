"""Schedule, allocation and levelling score (domain 6.2) and their acceptance cases (domain 6.3)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcps.model import Bucket
from tcps.rules import heijunka
from tcps.rules.heijunka import Lane, Queues, Recent, Slot, Waiting
from tcps.rules.levelling_score import longest_run, score

LETTERS = dict(zip("RSCO", Bucket, strict=False))
NAMES = {bucket: letter for letter, bucket in LETTERS.items()}
NONE = Recent()
RECENT = st.builds(Recent, st.sampled_from(Bucket), st.integers(1, 9)) | st.just(NONE)


def waiting(bucket: Bucket, priorities: Sequence[int]) -> list[Waiting]:
    """A bucket's queue: the most urgent first."""
    ordered = sorted(priorities, reverse=True)
    return [Waiting(f"{bucket}-{n}", priority) for n, priority in enumerate(ordered)]


PRIORITIES = st.lists(st.integers(1, 10), max_size=8)
QUEUES = st.builds(
    lambda lists: {bucket: waiting(bucket, priorities) for bucket, priorities in lists.items()},
    st.fixed_dictionaries(dict.fromkeys(Bucket, PRIORITIES)),
)
EQUAL_QUEUES = st.builds(
    lambda counts: {bucket: waiting(bucket, [5] * count) for bucket, count in counts.items()},
    st.fixed_dictionaries(dict.fromkeys(Bucket, st.integers(0, 12))),
)


def queues(**given: int | Sequence[int]) -> dict[Bucket, list[Waiting]]:
    """Queues from a number of orders of priority 5 each, or from their priorities."""
    return {
        LETTERS[letter]: waiting(LETTERS[letter], [5] * many if isinstance(many, int) else many)
        for letter, many in given.items()
    }


def scheduled(given: Queues, recent: Recent = NONE, most: int = 2, n: int | None = None) -> list[Slot]:
    return heijunka.schedule(given, recent, most, n)


def letters(slots: Sequence[Slot]) -> str:
    return "".join(NAMES[slot.bucket] for slot in slots)


def overall(slots: Sequence[Slot]) -> float:
    return round(score(slots).overall, 3)


# The acceptance cases of domain 6.3, row by row


def test_no_batching() -> None:
    slots = scheduled(queues(R=10, S=10))
    assert letters(slots) == "RS" * 10
    assert (longest_run(slots), overall(slots)) == (1, 0.905)


def test_distribution() -> None:
    slots = scheduled(queues(R=5, S=5, C=5, O=5))
    assert letters(slots) == "RSCO" * 5
    assert (score(slots).uniformity, overall(slots)) == (1.0, 0.905)


def test_one_bucket() -> None:
    slots = scheduled(queues(S=20))
    assert (len(slots), longest_run(slots), overall(slots)) == (20, 20, 0.405)


def test_rebalancing() -> None:
    slots = scheduled(queues(S=15, R=5, C=5, O=5))
    halves = letters(slots)[:15], letters(slots)[15:]
    assert (longest_run(slots), overall(slots)) == (1, 0.817)
    assert [half.count("S") for half in halves] == [8, 7]


def test_mixed_workload() -> None:
    slots = scheduled(queues(S=15, R=3, C=1, O=1))
    assert letters(slots) == "SSSRSSSRSSSRSSCSSOSS"
    assert (longest_run(slots), overall(slots)) == (3, 0.677)


def test_burst() -> None:
    slots = scheduled(queues(S=25, R=5, C=5, O=5))
    assert (len(slots), longest_run(slots), overall(slots)) == (40, 2, 0.760)


def test_large_share() -> None:
    slots = scheduled(queues(S=20, R=5, C=5, O=5))
    assert (letters(slots)[:17].count("S"), letters(slots)[17:].count("S")) == (11, 9)
    assert (longest_run(slots), overall(slots)) == (2, 0.777)


def test_interleaving() -> None:
    shown = letters(scheduled(queues(R=8, S=8, C=8, O=8)))
    assert all(len(set(shown[n : n + 4])) == 4 for n in range(len(shown) - 3))


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"R": 3, "S": 3, "C": 2}, "RSRSCRSC"),
        ({"R": 4, "S": 2, "C": 2}, "RSRCRSRC"),
        ({"R": 2, "S": 2, "C": 2, "O": 2}, "RSCORSCO"),
    ],
)
def test_small_sets(given: dict[str, int], shown: str) -> None:
    slots = scheduled(queues(**given))
    assert (letters(slots), longest_run(slots)) == (shown, 1)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"R": [10, 5, 1], "S": [8, 3]}, "R10 S8 R5 S3 R1"),
        ({"S": [9, 7], "R": [5], "C": [3]}, "S9 S7 R5 C3"),
        ({"S": [9] * 10, "C": [3] * 10}, " ".join(["S9 S9 C3"] * 5 + ["C3"] * 5)),
    ],
)
def test_priorities(given: dict[str, list[int]], shown: str) -> None:
    slots = scheduled(queues(**given))
    assert " ".join(f"{NAMES[slot.bucket]}{slot.priority}" for slot in slots) == shown


def test_emergency() -> None:
    slots = scheduled(queues(R=5, S=5, O=5, C=[10, 5, 5, 5, 5]))
    assert (slots[0].bucket, slots[0].priority) == (Bucket.COST, 10)
    assert overall(slots[1:]) == 0.892


def test_consistency() -> None:
    given = queues(R=10, S=10, C=10, O=10)
    assert scheduled(given) == scheduled(given) == scheduled(given)
    given[Bucket.COST].pop()
    assert len(scheduled(given)) == 39


def test_sustained() -> None:
    """Four buckets of five; ten times, five orders come and three are started."""
    given, recent, scores = queues(R=5, S=5, C=5, O=5), Recent(), []
    for turn in range(10):
        for n in range(5):
            bucket = list(LETTERS.values())[(turn * 5 + n) % 4]
            given[bucket].append(Waiting(f"new-{turn}-{n}", 5))
        for _ in range(3):
            bucket = scheduled(given, recent, n=1)[0].bucket
            given[bucket].pop(0)
            recent = recent.then(bucket)
        scores.append(overall(scheduled(given, recent)))
    assert sum(scores) / len(scores) >= 0.7
    assert scores[-1] >= 0.9 * scores[0]


# The schedule (domain 6.2)


@given(QUEUES, RECENT, st.integers(1, 4), st.integers(0, 60))
def test_a_schedule_has_every_order_once_each_queue_in_its_order(
    given: Queues, recent: Recent, most: int, n: int
) -> None:
    slots = scheduled(given, recent, most)
    for bucket, queue in given.items():
        assert [Waiting(s.work_order_id, s.priority) for s in slots if s.bucket is bucket] == queue
    assert [slot.slot for slot in slots] == list(range(1, len(slots) + 1))
    assert scheduled(given, recent, most, n) == slots[:n]
    assert scheduled(dict(reversed(given.items())), recent, most) == slots


@given(QUEUES, RECENT, st.integers(1, 4))
def test_starting_the_first_slot_again_and_again_gives_the_whole_schedule(
    given: Queues, recent: Recent, most: int
) -> None:
    whole, rest, started = scheduled(given, recent, most), {b: list(q) for b, q in given.items()}, []
    while any(rest.values()):
        lanes = {bucket: Lane(len(queue), queue[0]) for bucket, queue in rest.items() if queue}
        bucket = heijunka.pick(lanes, recent, most)
        started.append(rest[bucket].pop(0).work_order_id)
        recent = recent.then(bucket)
    assert started == [slot.work_order_id for slot in whole]


@given(QUEUES, RECENT, st.integers(1, 4))
def test_every_slot_is_that_of_the_five_steps(given: Queues, recent: Recent, most: int) -> None:
    slots, rest = scheduled(given, recent, most), {b: list(q) for b, q in given.items() if q}
    last, run = recent
    for slot in slots:
        chosen = by_the_steps(rest, last, run, most)
        assert slot.bucket is chosen
        run = run + 1 if chosen is last else 1
        last = chosen
        rest[chosen].pop(0)
        rest = {bucket: queue for bucket, queue in rest.items() if queue}


def by_the_steps(rest: Mapping[Bucket, list[Waiting]], last: Bucket | None, run: int, most: int) -> Bucket:
    """The five steps of domain 6.2, as they are written."""
    left = {bucket: len(queue) for bucket, queue in rest.items()}
    own = left.get(last, 0) if last else 0
    need = ceil(Fraction(own + run, sum(left.values()) - own + 1))
    kept = [b for b in Bucket if b in rest and not (b is last and run >= max(most, need))]
    highest = max(rest[bucket][0].priority for bucket in kept)
    kept = [bucket for bucket in kept if rest[bucket][0].priority == highest]
    kept = [bucket for bucket in kept if not (bucket is last and run >= need)] or kept
    longest = max(left[bucket] for bucket in kept)
    return next(bucket for bucket in kept if left[bucket] == longest)


@given(EQUAL_QUEUES, st.integers(1, 4))
def test_among_equals_no_run_is_longer_than_the_largest_bucket_needs(given: Queues, most: int) -> None:
    slots = scheduled(given, most=most)
    n, m = len(slots), max(len(queue) for queue in given.values())
    assert longest_run(slots) <= max(most, ceil(Fraction(m, n - m + 1)))


def test_the_starts_before_count_towards_the_run() -> None:
    given = queues(R=5, S=5)
    assert letters(scheduled(given, Recent(Bucket.RELIABILITY, 1)))[:3] == "SRS"
    urgent = queues(R=[9] * 4, S=5)
    assert letters(scheduled(urgent, Recent(Bucket.RELIABILITY, 1)))[:3] == "RSR"
    assert letters(scheduled(urgent, Recent(Bucket.RELIABILITY, 2)))[:3] == "SRR"
    assert letters(scheduled(urgent, Recent(Bucket.RELIABILITY, 2), most=3))[:3] == "RSR"


def test_nothing_queued_is_an_empty_schedule() -> None:
    assert scheduled({}) == scheduled({bucket: [] for bucket in Bucket}, Recent(Bucket.COST, 3)) == []
    assert scheduled(queues(R=3), n=0) == []


# The allocation (domain 6.2)

QUEUED = st.fixed_dictionaries({bucket: st.integers(0, 30) for bucket in Bucket})


def shares(capacity: int, **queued: int) -> list[int]:
    given = {LETTERS[letter]: n for letter, n in queued.items()}
    return [heijunka.allocation(given, capacity)[LETTERS[letter]] for letter in queued]


def test_a_capacity_is_shared_in_proportion_and_each_gets_one() -> None:
    assert shares(10, S=15, R=3, C=1, O=1) == [7, 1, 1, 1]
    assert shares(10, R=5, S=5, C=5, O=5) == [3, 3, 2, 2]
    assert shares(100, R=5, S=1) == [5, 1]


def test_a_capacity_too_small_for_all_goes_to_the_largest() -> None:
    given = {Bucket.RELIABILITY: 2, Bucket.SECURITY: 7, Bucket.COST: 2, Bucket.FEATURES: 9}
    assert heijunka.allocation(given, 3) == {Bucket.RELIABILITY: 1, Bucket.SECURITY: 1, Bucket.FEATURES: 1}
    assert heijunka.allocation(given, 0) == heijunka.allocation({}, 5) == {}


@given(QUEUED, st.integers(0, 200))
def test_the_shares_are_the_capacity_or_all_that_is_queued(queued: dict[Bucket, int], capacity: int) -> None:
    given = heijunka.allocation(queued, capacity)
    assert sum(given.values()) == min(capacity, sum(queued.values()))
    assert all(1 <= share <= queued[bucket] for bucket, share in given.items())
    if capacity >= len([n for n in queued.values() if n]):
        assert set(given) == {bucket for bucket, n in queued.items() if n}


@given(QUEUED, st.integers(6, 200))
def test_the_shares_are_those_given_one_at_a_time(queued: dict[Bucket, int], capacity: int) -> None:
    some = {bucket: queued[bucket] for bucket in Bucket if queued[bucket]}
    c, total = min(capacity, sum(some.values())), sum(some.values())
    wanted = dict.fromkeys(some, 1)
    while sum(wanted.values()) < c:
        open_ = [bucket for bucket in some if wanted[bucket] < some[bucket]]
        wanted[max(open_, key=lambda bucket: Fraction(some[bucket] * c, total) - wanted[bucket])] += 1
    assert heijunka.allocation(queued, capacity) == wanted


# The levelling score (domain 6.2)


def test_nothing_to_level_scores_one() -> None:
    assert score([]) == (1.0, 1.0, 1.0)
    assert score([]).overall == 1.0
    assert score(scheduled(queues(R=1))) == (1.0, 1.0, 1.0)


@given(QUEUES)
def test_every_part_of_a_score_is_within_its_bounds_and_exact(given: Queues) -> None:
    slots = scheduled(given)
    parts = score(slots)
    assert all(0 <= part <= 1 for part in parts)
    if len(slots) > 1:
        counts = Counter(slot.bucket for slot in slots).values()
        mean = Fraction(len(slots), len(counts))
        variance = sum((count - mean) ** 2 for count in counts) / len(counts)
        late = Fraction(sum(s.priority * i for i, s in enumerate(slots)), len(slots))
        assert parts.batching == pytest.approx(1 - (longest_run(slots) - 1) / (len(slots) - 1))
        assert parts.uniformity == pytest.approx(1 - min(float(variance) ** 0.5 / float(mean) / 2, 1))
        assert parts.priority == pytest.approx(float(1 - late / sum(s.priority for s in slots)))
        assert parts.overall == pytest.approx(
            0.5 * parts.batching + 0.3 * parts.uniformity + 0.2 * parts.priority
        )
