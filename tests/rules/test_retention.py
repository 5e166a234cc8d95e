"""Which backups are kept: rules or-ed; nothing that is kept loses its parent, and a good one always stays."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcps.errors import IntegrityError, InvalidInput
from tcps.model import DAY_MS, HOUR_MS, Timestamp, from_ms, to_ms
from tcps.rules.retention import Backup, Keep, decide, period, removals

START = to_ms(Timestamp("2026-01-20T10:00:00.000Z"))


def at(hours: float) -> Timestamp:
    return from_ms(START + round(hours * HOUR_MS))


def full(name: str, hours: float) -> Backup:
    return Backup(name, at(hours), f"digest of {name}", None)


def incremental(name: str, hours: float, parent: str) -> Backup:
    return Backup(name, at(hours), f"digest of {name}", f"digest of {parent}")


def every(_: str) -> bool:
    return True


def nobody_asks(name: str) -> bool:
    raise AssertionError(f"{name} is looked at")


def reasons(
    backups: Sequence[Backup], keep: Keep, is_good: Callable[[str], bool] = every
) -> dict[str, tuple[str, ...]]:
    return {one.backup.name: one.reasons for one in decide(backups, keep, is_good)}


def kept(backups: Sequence[Backup], keep: Keep, is_good: Callable[[str], bool] = every) -> list[str]:
    return [name for name, why in reasons(backups, keep, is_good).items() if why]


HOURLY = [full(f"{n}", n) for n in range(-24 * 40, 1)]
"""A full archive every hour for 40 days, each called by the hours since the newest, which is called 0."""


@pytest.mark.parametrize(
    ("keep", "names"),
    [
        (Keep(last=3), ["-2", "-1", "0"]),
        (Keep(hourly=2), ["-1", "0"]),
        # the newest of a day is that of 23:00
        (Keep(daily=3), ["-35", "-11", "0"]),
        # 2026-01-20 is a Tuesday: the weeks before end on Sunday the 18th and the 11th
        (Keep(weekly=3), ["-203", "-35", "0"]),
        # 2026-01-20, 2025-12-31
        (Keep(monthly=2), ["-467", "0"]),
        (Keep(yearly=5), ["-467", "0"]),
        (Keep(full=2), ["-1", "0"]),
        (Keep(since=at(-1)), ["-1", "0"]),
        # or-ed
        (Keep(last=2, daily=2, monthly=2), ["-467", "-11", "-1", "0"]),
    ],
)
def test_each_rule_keeps_the_newest_of_its_periods(keep: Keep, names: list[str]) -> None:
    assert kept(HOURLY, keep) == names


def test_an_archive_has_every_reason_that_it_is_kept_for() -> None:
    keep = Keep(last=1, hourly=1, daily=1, weekly=1, monthly=1, yearly=1, full=1, since=at(0))
    assert reasons(HOURLY, keep)["0"] == (
        "last",
        "hour 2026-01-20T10",
        "day 2026-01-20",
        "week 2026-W04",
        "month 2026-01",
        "year 2026",
        "full",
        "since 2026-01-20T10:00:00.000Z",
        "newest that can be restored",
        "newest good full one",
    )


@pytest.mark.parametrize(
    ("moment", "week"),
    [
        ("2026-12-31T23:59:59.999Z", "2026-W53"),
        ("2027-01-01T00:00:00.000Z", "2026-W53"),
        ("2027-01-03T23:59:59.999Z", "2026-W53"),
        ("2027-01-04T00:00:00.000Z", "2027-W01"),
        ("2025-12-29T00:00:00.000Z", "2026-W01"),
    ],
)
def test_weeks_are_those_of_iso(moment: str, week: str) -> None:
    assert period("week", Timestamp(moment)) == week


def test_a_period_without_an_archive_does_not_count() -> None:
    backups = [full("long ago", -24 * 400), full("a month ago", -24 * 30), full("now", 0)]
    assert kept(backups, Keep(daily=2)) == ["a month ago", "now"]
    assert kept(backups, Keep(daily=3), nobody_asks) == ["long ago", "a month ago", "now"]


def test_what_is_kept_keeps_its_chain() -> None:
    chain = [full("a", 0), incremental("b", 1, "a"), incremental("c", 2, "b"), incremental("d", 3, "b")]
    found = reasons([*chain, full("e", 4)], Keep(since=at(2.5)))
    assert found == {
        "a": ("needed by b",),
        "b": ("needed by d",),
        "c": (),
        "d": ("since 2026-01-20T12:30:00.000Z",),
        "e": ("since 2026-01-20T12:30:00.000Z", "newest that can be restored", "newest good full one"),
    }


def test_the_newest_that_can_be_restored_is_kept_and_the_newest_good_full_one() -> None:
    backups = [
        *(full("a", 0), incremental("b", 1, "a")),
        *(full("c", 2), incremental("d", 3, "c"), full("e", 4), incremental("f", 5, "e")),
    ]
    assert kept(backups, Keep(last=1), lambda name: name not in "f") == ["e", "f"]
    found = reasons(backups, Keep(last=1), lambda name: name not in "e")
    assert found == {
        "a": (),
        "b": (),
        "c": ("needed by d", "newest good full one"),
        "d": ("newest that can be restored",),
        "e": ("needed by f",),
        "f": ("last",),
    }
    assert kept(backups, Keep(last=1), lambda name: name in "abc") == ["c", "e", "f"]


def test_where_none_can_be_restored_none_goes() -> None:
    backups = [full("a", 0), incremental("b", 1, "a"), full("c", 2)]
    for good in ("", "b"):
        with pytest.raises(IntegrityError, match="none is removed"):
            decide(backups, Keep(last=1), lambda name, good=good: name in good.split())
    assert kept(backups, Keep(last=3), nobody_asks) == ["a", "b", "c"]


def test_what_has_lost_its_chain_takes_no_place_and_is_left_alone() -> None:
    backups = [full("a", 0), incremental("b", 1, "lost"), incremental("c", 2, "b"), incremental("d", 3, "a")]
    found = reasons(backups, Keep(last=1))
    assert found["b"] == found["c"] == ("its chain is not whole",)
    assert found["d"][0] == "last"


def test_of_archives_with_the_same_content_one_that_is_good_is_enough() -> None:
    twins = [Backup(f"a{n}", at(n), "digest of a", None) for n in range(3)]
    backups = [*twins, incremental("b", 4, "a"), full("c", 5), incremental("d", 6, "c")]
    keep = Keep(since=at(3))
    assert kept(backups, keep) == ["a2", "b", "c", "d"]
    assert kept(backups, keep, lambda name: name != "a2") == ["a1", "b", "c", "d"]
    assert kept(backups, keep, lambda name: name[0] != "a") == ["a0", "a1", "a2", "b", "c", "d"]
    assert kept(backups, Keep(yearly=1, since=at(3)), lambda name: name == "a0" or name > "b") == [
        "a0",
        *"bcd",
    ]


def test_what_nothing_rests_on_goes_first() -> None:
    chains = [
        *(full("a", 0), incremental("b", 1, "a"), incremental("c", 2, "b"), full("d", 3)),
        *(incremental("e", 4, "d"), full("f", 5)),
    ]
    steps = list(removals(decide(chains, Keep(last=1), every)))
    assert [[one.name for one in step] for step in steps] == [["c"], ["b", "e"], ["a", "d"]]


@pytest.mark.parametrize("keep", [Keep(), Keep(last=0, daily=0), Keep(last=-1), Keep(last=2, yearly=-1)])
def test_a_policy_that_keeps_nothing_is_none(keep: Keep) -> None:
    with pytest.raises(InvalidInput):
        decide([], keep, every)


# whatever there is


@st.composite
def shelves(draw: st.DrawFn) -> tuple[list[Backup], set[str]]:
    """Archives of several chains, with lost parents and twins, and which of them are good."""
    backups: list[Backup] = []
    moment = START
    for n in range(draw(st.integers(0, 14))):
        moment += draw(st.sampled_from([0, HOUR_MS // 2, HOUR_MS, DAY_MS, 9 * DAY_MS, 200 * DAY_MS]))
        made = from_ms(moment)
        sort = draw(st.sampled_from(["full", "next", "next", "twin", "lost"]))
        if sort == "full" or not backups:
            backups.append(Backup(f"{n:02d}", made, f"d{n}", None))
        elif sort == "lost":
            backups.append(Backup(f"{n:02d}", made, f"d{n}", "lost"))
        else:
            other = draw(st.sampled_from(backups[-4:]))
            parent = other.digest if sort == "next" else other.parent
            digest = f"d{n}" if sort == "next" else other.digest
            backups.append(Backup(f"{n:02d}", made, digest, parent))
    return backups, draw(st.sets(st.sampled_from([one.name for one in backups]))) if backups else set()


policies = st.builds(
    Keep,
    *(st.integers(0, 3) for _ in range(7)),
    st.none() | st.integers(0, 60).map(lambda days: at(24 * days)),
).filter(lambda keep: keep != Keep())


def whole(backups: Sequence[Backup]) -> set[str]:
    """The names of those whose chain is there, found the slow way."""
    by_digest = {one.digest: one for one in backups}

    def is_whole(one: Backup) -> bool:
        return one.parent is None or (one.parent in by_digest and is_whole(by_digest[one.parent]))

    return {one.name for one in backups if is_whole(one)}


def restorable(backups: Sequence[Backup], good: set[str]) -> list[str]:
    sound = whole([one for one in backups if one.name in good])
    return [one.name for one in backups if one.name in sound]


@given(shelves(), policies)
def test_whatever_there_is_nothing_is_lost_that_rests_on_something(
    shelf: tuple[list[Backup], set[str]], keep: Keep
) -> None:
    backups, good = shelf
    try:
        decisions = decide(backups, keep, good.__contains__)
    except IntegrityError:
        assert restorable(backups, good) == []
        return
    assert [one.backup for one in decisions] == backups
    left = [one.backup for one in decisions if one.reasons]
    lost = {one.name for one in backups} - whole(backups)
    assert {one.name for one in left} - whole(left) == lost
    if left != backups:
        assert restorable(left, good)[-1:] == restorable(backups, good)[-1:]
        fulls = [one.name for one in backups if one.parent is None and one.name in good]
        assert fulls[-1] in {one.name for one in left}
    again = decide(left, keep, good.__contains__)
    assert all(one.reasons for one in again)


@given(shelves(), policies)
def test_whenever_it_is_interrupted_what_is_left_has_its_parents(
    shelf: tuple[list[Backup], set[str]], keep: Keep
) -> None:
    backups, _ = shelf
    left, lost = list(backups), {one.name for one in backups} - whole(backups)
    for step in removals(decide(backups, keep, every) if whole(backups) else []):
        for one in step:
            left.remove(one)
            assert {one.name for one in left} - whole(left) == lost


@given(shelves(), policies)
def test_what_can_be_restored_and_is_kept_can_be_restored_afterwards(
    shelf: tuple[list[Backup], set[str]], keep: Keep
) -> None:
    backups, good = shelf
    before = set(restorable(backups, good))
    if not before:
        return
    left = [one.backup for one in decide(backups, keep, good.__contains__) if one.reasons]
    assert set(restorable(left, good)) == before & {one.name for one in left}
