"""What must hold of a store that is opened after a crash, whatever the crash left."""

from random import Random
from typing import NamedTuple

from tcps.errors import IntegrityError
from tcps.files import Disk
from tcps.projections.records import is_temporary
from tcps.store import Store
from tcps.system import System
from tests.crash.between import covered, tell
from tests.crash.medium import Image
from tests.crash.place import NOTE, Place
from tests.crash.recorder import Files, Promise, Recorder, Step
from tests.crash.states import is_garbage
from tests.crash.truth import Segments, Truth, Truths, joined, segments, tables
from tests.crash.workloads import create
from tests.store import shop


class QuietSystem(System):
    """Does not sync the whole machine."""

    def sync(self) -> None:
        pass


class Crashed(NamedTuple):
    """A store as a crash left it: `rebooted` by a power cut, or in the same boot after a process ended.

    `steps` are those since all was durable: none after a power cut, which makes its image durable.
    """

    image: Image
    index: Files
    promise: Promise
    boot: str
    steps: tuple[Step, ...] = ()

    @property
    def rebooted(self) -> bool:
        return not self.steps


class Check:
    """Opens what a crash left, with the real library, and looks at it in every way."""

    def __init__(self, place: Place, truths: Truths) -> None:
        self.place = place
        self.truths = truths
        self._visited: set[int] = set()

    def all(self, crashed: Crashed, chance: Random, recorder: Recorder | None = None) -> frozenset[bytes]:
        """Raises AssertionError, or what the library raised. `chance` says who comes first, and for what.

        With a recorder, whose medium has the crashed image, the first visit is noted in it. Gives what
        was cut off the ledger.
        """
        self.place.put(crashed.image, crashed.index)
        garbage = _garbage(crashed.image)
        wrong = crashed.promise.wrong | garbage
        if chance.random() < 0.1 or _is_torn(segments(crashed.image), crashed.promise):
            with self._opened(crashed.boot) as store:
                _verified(store, wrong)
            assert self.place.learn() == crashed.image, "a verification changed something"
        writer_first = chance.random() < 0.5
        cut = self._first_visit(
            crashed, wrong, writer_first, recorder is not None or chance.random() < 0.2, recorder
        )
        if garbage and chance.random() < 0.1:
            self._repaired(crashed.boot, wrong)
            wrong = frozenset()
        self._second_visit(crashed.boot, wrong, not writer_first)
        return cut

    def _first_visit(
        self,
        crashed: Crashed,
        wrong: frozenset[str],
        writes: bool,
        goes_on: bool,
        recorder: Recorder | None,
    ) -> frozenset[bytes]:
        with self._opened(crashed.boot, recorder) as store:
            _touch(store, writes)
            read = _read(store) if goes_on or not crashed.rebooted else {}
            if not crashed.rebooted:  # the index lives on, so a reader mends nothing
                _touch(store, writes=True)
            image = self.place.learn()
            parts = segments(image)
            self._ledger(parts, crashed.promise)
            cut = self._kept(image, crashed)
            _as_written(read, self.truths.of(parts), wrong)
            if goes_on or not crashed.rebooted:  # who writes next brings the record files to the head
                create(store)
                if recorder is not None:
                    tell(recorder, create, joined(parts))
                image = self.place.learn()
            truth = self.truths.of(segments(image))
            assert tables(store.engine.fold.index) == truth.tables, "the index is not what the ledger says"
        self._files(image, truth, wrong)
        return cut

    def _second_visit(self, boot: str, wrong: frozenset[str], writes: bool) -> None:
        """Come once more, and verify: once for what lies there, which the index agrees with by now."""
        before = self.place.image
        lies_there = hash((boot, wrong, frozenset(before.items() - {(NOTE, before.get(NOTE))})))
        if lies_there in self._visited:
            return
        with self._opened(boot) as store:
            _touch(store, writes)
            assert store.notices == []
            assert tables(store.engine.fold.index) == self.truths.of(segments(before)).tables
            _verified(store, wrong)
        assert self.place.learn() == before, "a second visit changed something"
        self._visited.add(lies_there)

    def _repaired(self, boot: str, wrong: frozenset[str]) -> None:
        """What no power cut leaves is reported, and mended by a repair, which keeps it."""
        before = self.place.image
        found = {path: before[f".tcps/{path}"] for path in wrong if f".tcps/{path}" in before}
        with self._opened(boot) as store:
            store.repair()
        image = self.place.learn()
        truth = self.truths.of(segments(image))
        self._files(image, truth, frozenset())
        for path, content in found.items():
            assert content == truth.files.get(path) or content in image.values(), f"{path} was not kept"

    def _opened(self, boot: str, recorder: Recorder | None = None) -> Store:
        disk = Disk()
        disk.system = recorder or QuietSystem()
        return shop.opened(self.place.folder, disk=disk, boot=boot)

    def _ledger(self, parts: Segments, promise: Promise) -> None:
        """Every acknowledged entry is there; of the others a beginning, each whole."""
        ledger = joined(parts)
        assert ledger.startswith(promise.acknowledged), "an acknowledged entry is gone"
        assert any(one.startswith(ledger) for one in promise.possible), "an entry that was never made"
        assert ledger[-1:] in (b"", b"\n"), "an entry is there in part"

    def _kept(self, image: Image, crashed: Crashed) -> frozenset[bytes]:
        """Nothing that is evidence is gone, nor what was cut off the ledger, which it gives."""
        now, there = dict(segments(image)), set(image.values())
        ends = {content[len(now.get(path, b"")) :] for path, content in segments(crashed.image)}
        cut = frozenset(ends - {b""})
        assert cut <= there, "bytes cut off the ledger were not kept"
        assert crashed.promise.evidence <= there, "a file that was evidence is gone"
        there = {(path, content) for path, content in image.items() if content is not None}
        assert crashed.promise.signed <= there, "a signed checkpoint is not in its place"
        assert covered(image) >= crashed.promise.checkpoint, "an acknowledged checkpoint is gone"
        return cut

    def _files(self, image: Image, truth: Truth, wrong: frozenset[str]) -> None:
        """The record files are what the ledger says, and there is no other but temporary ones."""
        found = {
            path.removeprefix(".tcps/"): content
            for path, content in image.items()
            if content is not None
            and path.startswith(".tcps/records/")
            and not is_temporary(path.rpartition("/")[2])
        }
        different = {
            path for path in found.keys() | truth.files.keys() if found.get(path) != truth.files.get(path)
        }
        assert different <= wrong, f"record files are not what the ledger says: {sorted(different - wrong)}"


def _verified(store: Store, wrong: frozenset[str]) -> None:
    """A verification finds nothing but what may be wrong."""
    report = store.verify_integrity()
    found = [*report.findings, *(one for verdict in report.verdicts for one in verdict.findings)]
    broken = [one.message for one in found if one.kind == "integrity" and one.path not in wrong]
    assert broken == [], f"a verification finds {broken}"


def _is_torn(parts: Segments, promise: Promise) -> bool:
    """Whether the ledger has another end than ever was meant."""
    ledger = joined(parts)
    return not (ledger.endswith(b"\n") and any(one.startswith(ledger) for one in promise.possible))


def _touch(store: Store, writes: bool) -> None:
    """Come as a writer who then changes nothing, or as a reader."""
    if writes:
        with store.batch():
            pass
    else:
        with store.view():
            pass


def _read(store: Store) -> dict[str, bytes | None]:
    """Every record's bytes by its path; None for one that is said to be damaged."""
    found: dict[str, bytes | None] = {}
    with store.view() as view:
        for key in view.loader.index.db.execute("SELECT kind, id FROM record").fetchall():
            row = view.loader.row(*key)
            assert row is not None
            try:
                found[row.path] = view.loader.load(row)
            except IntegrityError:
                found[row.path] = None
    return found


def _as_written(read: dict[str, bytes | None], truth: Truth, wrong: frozenset[str]) -> None:
    """Every record can be read, and is what the ledger says."""
    for path, content in read.items():
        assert content == truth.files.get(path) or (content is None and path in wrong), (
            f"{path} is read wrong"
        )


def _garbage(image: Image) -> frozenset[str]:
    """Record files, and their note, that hold what other hands, as far as the store knows, put there."""
    return frozenset(
        path.removeprefix(".tcps/")
        for path, content in image.items()
        if path.startswith(".tcps/records") and not path.endswith(".tmp") and is_garbage(content)
    )
