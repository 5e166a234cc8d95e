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
from tests.crash.place import Place
from tests.crash.recorder import Files, Promise, Recorder, Step
from tests.crash.states import in_order, power_cuts
from tests.crash.truth import Truths

NOTE = ".tcps/lock"
"""The file that says who holds the writer's lock; its content decides nothing, and makes no state another."""
_BOOTS = {"one": "two", "two": "three", "three": "four"}
_TEMPORARY = re.compile(r"\.[0-9]+\.tmp$")


class Plan(NamedTuple):
    """How much to look at: states after each call, and recoveries that are crashed in turn."""

    most: int
    recoveries: float = 0.0
    of_recovery: int = 0


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
    """Counts what it looks at; the same disk, promised the same, is looked at once."""

    def __init__(self, place: Place, truths: Truths) -> None:
        self.check = Check(place, truths)
        self.counts: Counter[str] = Counter()
        self.seen: set[bytes] = set()
        self.distinct: set[bytes] = set()
        self.violations: list[Violation] = []

    def explore(self, history: History, plan: Plan) -> None:
        """Crash the history after each of its new calls, and some of the recoveries."""
        self.counts["histories"] += 1
        chance = Random(history.name)
        for at, crashed, kind in self._crashes(history, chance, plan.most):
            key = _key(crashed)
            self.distinct.add(key)
            if key + kind[:1].encode() in self.seen:
                continue
            self.seen.add(key + kind[:1].encode())
            self.counts[kind] += 1
            draw = Random(key)
            recover = draw.random() < plan.recoveries
            recorder = self._recorder(history, crashed) if recover else None
            cut = self._looked_at(history, at, crashed, kind, draw, recorder)
            if recorder is not None and cut is not None:
                self.counts["recoveries crashed"] += 1
                self.explore(_recovery(history, at, crashed, recorder, cut), Plan(plan.of_recovery))

    def _crashes(self, history: History, chance: Random, most: int) -> Iterator[tuple[int, Crashed, str]]:
        """Each state with the number of steps done before it."""
        medium, since_sync = Medium(history.image), list[Image]()
        for at, step in enumerate(history.steps, 1):
            if at > history.first:
                yield from self._half_way(history, at, medium, chance)
            if step.call is not None:
                step.call.on(medium)
                if step.call.method.startswith("sync"):
                    since_sync.clear()
            if at <= history.first:
                continue
            self.counts["prefixes"] += 1
            yield at, self._killed(history, tuple(history.steps[:at]), medium.live(), chance), "process"
            for image in power_cuts(medium, chance, most, medium.find(NOTE)):
                yield at, self._cut(history, image, step, chance), "power"
            since_sync += in_order(medium)
            if step.call is None:
                for image in since_sync:
                    yield at, self._cut(history, image, step, chance), "power"

    def _half_way(
        self, history: History, at: int, medium: Medium, chance: Random
    ) -> Iterator[tuple[int, Crashed, str]]:
        """The state after half of a write, for a process may be killed there."""
        step = history.steps[at - 1]
        half = step.call and step.call.half()
        if half:
            inode, write = half.arguments
            content = medium.content | {inode: write.on(medium.content[inode])}
            image = medium.image(medium.entries, content.__getitem__)
            steps = (*history.steps[: at - 1], step._replace(call=half))
            yield at, self._killed(history, steps, image, chance), "process"

    def _killed(self, history: History, steps: tuple[Step, ...], image: Image, chance: Random) -> Crashed:
        last = steps[-1]
        older = [history.older] if not last.promise.refused else []
        index = chance.choice([last.index, last.index, {}, *older])
        return Crashed(image, index, last.promise, history.boot, steps)

    def _cut(self, history: History, image: Image, step: Step, chance: Random) -> Crashed:
        torn = {name: content[: len(content) // 2] for name, content in step.index.items()}
        index: Files = chance.choice([step.index, history.older, {}, torn]) if ".tcps" in image else {}
        return Crashed(image, index, step.promise, _BOOTS[history.boot])

    def _recorder(self, history: History, crashed: Crashed) -> Recorder:
        """One that notes what is done to the crashed disk; after a power cut all of it is on the medium."""
        medium = Medium(history.image if crashed.steps else crashed.image)
        for step in crashed.steps:
            if step.call is not None:
                step.call.on(medium)
        return Recorder(self.check.place.folder, medium, crashed.promise)

    def _looked_at(
        self, history: History, at: int, crashed: Crashed, kind: str, draw: Random, recorder: Recorder | None
    ) -> frozenset[bytes] | None:
        """What was cut off the ledger; None when something did not hold."""
        try:
            return self.check.all(crashed, draw, recorder)
        except Exception as error:
            self.check.place.learn()
            where = "".join(traceback.format_exception(error)[-4:-1])
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
    told = (promise.acknowledged, promise.checkpoint, sorted(promise.wrong), promise.refused)
    content.update(repr(told).encode())
    return content.digest()
