"""Looks at every state that the histories can end in, and at those that recoveries can end in."""

import hashlib
import re
import traceback
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from tests.crash.check import Check, Crashed
from tests.crash.histories import History
from tests.crash.medium import Image, Medium
from tests.crash.place import NOTE, Place
from tests.crash.recorder import Files, Promise, Recorder, Step
from tests.crash.states import in_order, power_cuts
from tests.crash.truth import Truths

_BOOTS = {"one": "two", "two": "three", "three": "four"}
_TEMPORARY = re.compile(r"\.[0-9]+\.tmp$")


class Plan(NamedTuple):
    """How much to look at: states after each call, the share of recoveries that are crashed in turn, states
    after each call of those, and how many calls of a history (0: all)."""

    most: int
    recoveries: float = 0.0
    of_recovery: int = 0
    calls: int = 0


class Violation(NamedTuple):
    """A state that was not what it had to be."""

    history: str
    step: int
    kind: str
    reason: str
    where: str

    def __str__(self) -> str:
        return f"{self.history}, step {self.step}, {self.kind}: {self.reason}\n{self.where}"


class Campaign:
    """Counts what it looks at; the same disk, promised the same, is looked at once.

    It looks at nothing any more when so many states were not what they had to be.
    """

    def __init__(self, place: Place, truths: Truths, stop_at: int) -> None:
        self.check = Check(place, truths)
        self.stop_at = stop_at
        self.counts: Counter[str] = Counter()
        self._seen: set[tuple[bytes, int | None]] = set()
        self.distinct: set[bytes] = set()
        self.violations: list[Violation] = []

    def explore(self, history: History, plan: Plan) -> None:
        """Crash the history after each of its new calls, and then some of the recoveries."""
        self.counts["histories"] += 1
        chance, recoveries = Random(history.name), list[History]()
        for nth, (at, crashed) in enumerate(self._crashes(history, chance, plan)):
            if len(self.violations) >= self.stop_at:
                return
            if not self._is_new(crashed):
                continue
            draw = Random(f"{history.name} {at} {nth}")
            recorder = self._recorder(history, crashed) if draw.random() < plan.recoveries else None
            cut = self._looked_at(history, at, crashed, draw, recorder)
            if recorder is not None and cut is not None:
                recoveries.append(_recovery(history, at, crashed, recorder, cut))
        for recovery in recoveries:
            self.counts["recoveries crashed"] += 1
            self.explore(recovery, Plan(plan.of_recovery))

    def _is_new(self, crashed: Crashed) -> bool:
        """Whether it is to be looked at; after a power cut no index is trusted, so any one will do."""
        key = _key(crashed)
        self.distinct.add(key)
        kind = "power cuts" if crashed.rebooted else "processes killed"
        seen = (key, None if crashed.rebooted else hash(tuple(crashed.index.items())))
        if seen in self._seen:
            return False
        self._seen.add(seen)
        self.counts[kind] += 1
        return True

    def _crashes(self, history: History, chance: Random, plan: Plan) -> Iterator[tuple[int, Crashed]]:
        """Each state with the number of steps done before it."""
        medium, since_sync = Medium(history.image), list[Image]()
        end = history.first + plan.calls if plan.calls else len(history.steps)
        for at, step in enumerate(history.steps[:end], 1):
            done = tuple(history.steps[:at])
            if at > history.first:
                for crashed in self._half_way(history, done, medium):
                    yield at, crashed
            if step.call is not None:
                step.call.on(medium)
                if step.call.method.startswith("sync"):
                    since_sync.clear()
            if at <= history.first:
                continue
            self.counts["calls"] += 1
            for crashed in self._killed(history, done, medium.live()):
                yield at, crashed
            images = list(power_cuts(medium, chance, plan.most, medium.find(NOTE)))
            since_sync += in_order(medium)
            for image in images + (since_sync if step.call is None else []):
                yield at, self._cut(history, image, step, chance)

    def _half_way(self, history: History, done: tuple[Step, ...], medium: Medium) -> Iterator[Crashed]:
        """The states after half of a write, for a process may be killed there; a note is written at once."""
        half = done[-1].call and done[-1].call.half()
        if half:
            inode, write = half.arguments
            if write.offset >= len(medium.content[inode]):
                content = medium.content | {inode: write.on(medium.content[inode])}
                image = medium.image(medium.entries, content.__getitem__)
                steps = (*done[:-1], done[-1]._replace(call=half))
                yield from self._killed(history, steps, image)

    def _killed(self, history: History, steps: tuple[Step, ...], image: Image) -> Iterator[Crashed]:
        """A process is gone: with the index as it was, without one, and with an older one."""
        last = steps[-1]
        older: list[Files] = [] if last.promise.refused else [history.older]
        for index in (last.index, {}, *older):
            yield Crashed(image, index, last.promise, history.boot, steps)

    def _cut(self, history: History, image: Image, step: Step, chance: Random) -> Crashed:
        """The power is gone: no index is trusted after that, so mostly there is none."""
        torn = {name: content[: len(content) // 2] for name, content in step.index.items()}
        index: Files = chance.choice([step.index, history.older, torn, *[{}] * 6]) if ".tcps" in image else {}
        return Crashed(image, index, step.promise, _BOOTS[history.boot])

    def _recorder(self, history: History, crashed: Crashed) -> Recorder:
        """One that notes what is done to the crashed disk; after a power cut all of it is on the medium."""
        medium = Medium(history.image if crashed.steps else crashed.image)
        for step in crashed.steps:
            if step.call is not None:
                step.call.on(medium)
        return Recorder(self.check.place.folder, medium, crashed.promise)

    def _looked_at(
        self, history: History, at: int, crashed: Crashed, draw: Random, recorder: Recorder | None
    ) -> frozenset[bytes] | None:
        """What was cut off the ledger; None when something did not hold."""
        try:
            return self.check.all(crashed, draw, recorder)
        except Exception as error:
            self.check.place.learn()
            where, kind = (
                "".join(traceback.format_exception(error)[-4:-1]),
                "power" if crashed.rebooted else "killed",
            )
            self.violations.append(
                Violation(history.name, at, kind, f"{type(error).__name__}: {error}", where)
            )
            return None


def _recovery(
    history: History, at: int, crashed: Crashed, recorder: Recorder, cut: frozenset[bytes]
) -> History:
    """What a visit to a crashed store did, as a history.

    What it cut off, if that was durable, must be kept from then on.
    """
    name = f"{history.name} | recovery at {at}"
    if not crashed.rebooted:
        steps = [*crashed.steps, *recorder.steps]
        return History(name, history.image, steps, len(crashed.steps), crashed.boot, history.older)
    steps = [
        step._replace(promise=step.promise._replace(evidence=step.promise.evidence | cut))
        for step in recorder.steps
    ]
    return History(name, crashed.image, steps, 0, crashed.boot, history.older)


def _key(crashed: Crashed) -> bytes:
    """A digest of what lies on the disk and of what callers were told."""
    content = hashlib.blake2b(digest_size=16)
    for path in sorted(crashed.image):
        if path != NOTE:
            held = crashed.image[path]
            content.update(_TEMPORARY.sub(".tmp", path).encode() + b"\0")
            content.update(b"/" if held is None else hashlib.sha256(held).digest())
    promise: Promise = crashed.promise
    told = (
        promise.acknowledged,
        promise.checkpoint,
        sorted(promise.wrong),
        promise.refused,
        sorted(promise.evidence),
        sorted(promise.signed),
    )
    content.update(repr(told).encode())
    return content.digest()
