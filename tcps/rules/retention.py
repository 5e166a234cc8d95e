"""Which backups are kept, and why: rules of which each keeps some; an archive goes when none keeps it.

As with restic and borg, the newest archive of each period is kept. Periods are those of UTC: hours,
days, ISO weeks, months, years; one without an archive does not count. As with restic, each rule looks at
all archives, whatever the others keep. Whatever the rules say, what is kept keeps its chain
of parents, and the newest archive that can be restored is kept, and the newest full one that is good.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from tcps.errors import IntegrityError, invalid_field, missing
from tcps.model import Timestamp, parse_timestamp, shown

IsGood = Callable[[str], bool]
"""Whether the archive with a name is good, as read now from its first byte to its last."""


class Backup(NamedTuple):
    """An archive: when it was made, the digests of its manifest and of its parent's; None for a full one."""

    name: str
    made: Timestamp
    digest: str
    parent: str | None


class Keep(NamedTuple):
    """How many of the newest archives to keep, and of how many of the newest periods the newest one.

    `full` is how many of the newest full archives; all that were made from `since` on are kept.
    """

    last: int = 0
    hourly: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0
    full: int = 0
    since: Timestamp | None = None

    def require_sound(self) -> None:
        """Raise InvalidInput unless it keeps something."""
        for field, value in self._asdict().items():
            if field != "since" and value < 0:
                raise invalid_field(f"keep_{field}", f"is a number of archives, not {value}")
        if self == Keep():
            raise missing(["one of keep_last, keep_hourly, keep_daily, keep_weekly, ..."], "prune")


def read_keep(given: Keep | Mapping[str, Any]) -> Keep:
    """A policy from a mapping with some of its fields. Raises InvalidInput."""
    if isinstance(given, Keep):
        return given
    for field, value in given.items():
        if field not in Keep._fields:
            raise invalid_field(f"keep_{field}", f"is none of what is kept: {', '.join(Keep._fields)}")
        if field != "since" and type(value) is not int:
            raise invalid_field(f"keep_{field}", f"is a number of archives, not {shown(value)}")
    since = given.get("since")
    return Keep(**{**given, "since": None if since is None else parse_timestamp(since, "since")})


class Decision(NamedTuple):
    """What becomes of an archive: it is kept for these reasons, or without any it goes."""

    backup: Backup
    reasons: tuple[str, ...]


def decide(backups: Sequence[Backup], keep: Keep, is_good: IsGood) -> list[Decision]:
    """What becomes of each archive, given and returned the oldest first.

    Nothing is asked of `is_good` while nothing would go. Raises InvalidInput for a policy that keeps
    nothing, IntegrityError when none of the archives can be restored.
    """
    keep.require_sound()
    choice = _Choice(backups, is_good)
    for name, reason in _chosen([one for one in backups if choice.is_whole(one)], keep):
        choice.keep(name, reason)
    choice.keep_chains()
    for one in backups:
        if not choice.is_whole(one):
            choice.keep(one.name, "its chain is not whole")
    if not all(choice.reasons.values()):
        choice.keep_newest()
    return [Decision(one, tuple(choice.reasons[one.name])) for one in backups]


def removals(decisions: Sequence[Decision]) -> Iterator[list[Backup]]:
    """What goes, in the order in which it can: in each step archives that nothing rests on any more.

    So whatever is left when it is interrupted has its parent.
    """
    depths = _depths(one.backup for one in decisions)
    gone = [one.backup for one in decisions if not one.reasons]
    for depth in sorted({depths[one.digest] for one in gone}, reverse=True):
        yield [one for one in gone if depths[one.digest] == depth]


class _Choice:
    """The archives, and the reasons for which they are kept so far."""

    def __init__(self, backups: Sequence[Backup], is_good: IsGood) -> None:
        self.reasons: dict[str, list[str]] = {one.name: [] for one in backups}
        self._newest_first = backups[::-1]
        self._depths = _depths(backups)
        self._twins: dict[str, list[Backup]] = {}
        for one in self._newest_first:
            self._twins.setdefault(one.digest, []).append(one)
        self._is_good = is_good
        self._held: set[str] = set()

    def is_whole(self, one: Backup) -> bool:
        """Whether the chain of an archive is there, back to a full one."""
        return one.digest in self._depths

    def keep(self, name: str, reason: str) -> None:
        """One more reason to keep an archive."""
        self.reasons[name].append(reason)

    def keep_chains(self) -> None:
        """Keep what the kept ones rest on."""
        for one in self._newest_first:
            if self.reasons[one.name]:
                self._keep_chain(one)

    def keep_newest(self) -> None:
        """Keep the newest archive whose chain is good, and the newest full one that is."""
        whole = [one for one in self._newest_first if self.is_whole(one)]
        newest = next((one for one in whole if self._is_restorable(one)), None)
        if newest is None:
            raise IntegrityError(
                "no archive can be restored, so none is removed",
                hint="tcps backup verify --all says what is wrong; make a full backup",
            )
        self.keep(newest.name, "newest that can be restored")
        self._keep_chain(newest)
        full = next(one for one in whole if one.parent is None and self._is_good(one.name))
        self.keep(full.name, "newest good full one")

    def _keep_chain(self, one: Backup) -> None:
        while one.parent in self._twins and one.parent not in self._held:
            self._held.add(one.parent)
            bases = self._bases(one.parent)
            for base in bases:
                self.keep(base.name, f"needed by {one.name}")
            one = bases[0]

    def _bases(self, digest: str) -> list[Backup]:
        """Of several archives with the same content one that is good, of those kept already if it can be."""
        twins = sorted(self._twins[digest], key=lambda one: not self.reasons[one.name])
        if len(twins) == 1:
            return twins
        return next(([one] for one in twins if self._is_good(one.name)), twins)

    def _is_restorable(self, one: Backup) -> bool:
        links, at = [[one]], one
        while at.parent is not None:
            links.append(self._twins[at.parent])
            at = links[-1][0]
        return all(any(self._is_good(twin.name) for twin in twins) for twins in reversed(links))


def _chosen(backups: Sequence[Backup], keep: Keep) -> Iterator[tuple[str, str]]:
    """The names of the archives that the rules keep, each with the reason."""
    newest_first = backups[::-1]
    for one in newest_first[: keep.last]:
        yield one.name, "last"
    for rule, count in (
        ("hour", keep.hourly),
        ("day", keep.daily),
        ("week", keep.weekly),
        ("month", keep.monthly),
        ("year", keep.yearly),
    ):
        newest: dict[str, str] = {}
        for one in newest_first:
            newest.setdefault(period(rule, one.made), one.name)
        for label, name in list(newest.items())[:count]:
            yield name, f"{rule} {label}"
    for one in [one for one in newest_first if one.parent is None][: keep.full]:
        yield one.name, "full"
    for one in newest_first:
        if keep.since is not None and one.made >= keep.since:
            yield one.name, f"since {keep.since}"


def period(rule: str, made: Timestamp) -> str:
    """The hour, day, ISO week, month or year of a moment, in UTC."""
    if rule == "week":
        year, week, _ = date.fromisoformat(made[:10]).isocalendar()
        return f"{year:04d}-W{week:02d}"
    return made[: {"hour": 13, "day": 10, "month": 7, "year": 4}[rule]]


def _depths(backups: Iterable[Backup]) -> dict[str, int]:
    """How many archives each rests on, by digest; one whose chain is not whole is not there."""
    children: dict[str | None, set[str]] = {}
    for one in backups:
        children.setdefault(one.parent, set()).add(one.digest)
    depths: dict[str, int] = {}
    level, depth = children.get(None, set()), 0
    while level:
        depths |= dict.fromkeys(level, depth)
        level, depth = {child for one in level for child in children.get(one, ())}, depth + 1
    return depths
