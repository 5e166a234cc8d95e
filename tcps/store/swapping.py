"""The folder that a store is restored to: what is made beside it and takes its place (format 14.2, ADR 17).

```text
.tcps.restoring/       where the new store is made, with a lock; what a crash left there is removed
.tcps.restored         the new store, whole and durable, just before it gets its name
.tcps.replaced-TIME    the store that was there before; nobody removes it
```

Where the system can exchange two names in one step, `.tcps` is there at every moment. Elsewhere whoever
looks for the store next, and finds `.tcps.restored` alone, gives it its name.
"""

import contextlib
import errno
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

from tcps.errors import Conflict, InvalidInput, LockTimeout, TcpsError
from tcps.files import Disk
from tcps.ledger import MAY_BE_THERE
from tcps.locks import Lock, lock
from tcps.model import Timestamp
from tcps.store.location import FOLDER, RESTORED, is_there, make_parents

_RESTORING, _REPLACED = ".restoring", ".replaced-"
_LOCK = "lock"


class Target:
    """A store's folder, where one may be already (`taken`), and the names beside it."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self.disk = disk
        self.folder = Path(os.path.realpath(folder))
        self.taken = is_there(self.folder)
        self._scratch = self._beside(_RESTORING)
        self._restored = self._beside(RESTORED)
        self.building = self._scratch / FOLDER
        self._named_in = [self.folder.parent]
        if not self.taken and os.path.lexists(self.folder):
            raise InvalidInput(f"{self.folder} is no folder: no store can be there", code="usage")

    @contextlib.contextmanager
    def reserved(self, wait: float) -> Iterator[None]:
        """Hold the folder in which the new store is made: empty at first, gone in the end.

        Raises LockTimeout when another restore to the same place is under way.
        """
        self._named_in = make_parents(self.disk, self.folder.parent)
        held = self._reserve(wait)
        try:
            self._clear()
            yield
        finally:
            with contextlib.suppress(TcpsError):
                self._clear()
                self.disk.remove(self._scratch / _LOCK)
                self.disk.remove_dir(self._scratch)
            held.close()

    @contextlib.contextmanager
    def frozen(self, wait: float, note: str) -> Iterator[None]:
        """Let nobody write to the store that is there, if one is."""
        if not self.taken:
            yield
            return
        with _holding(lock(self.folder / _LOCK, wait, self.disk)) as held:
            with contextlib.suppress(TcpsError):  # who holds it is for people to know (format 8.5)
                held.write_note(note.encode())
            yield

    def put(self, now: Timestamp, wait: float) -> Path | None:
        """Give the new store its name; gives where the one is that was there, if one was.

        All of the new one is durable, and the other one is `frozen`. Raises Conflict when there was none,
        and now is.
        """
        with _holding(lock(self.building / _LOCK, 0, self.disk)):
            if self.taken:
                # who has appended and not yet projected would write its record files into the new store
                with _holding(lock(self.folder / "records.lock", wait, self.disk)):
                    return self._replace(now)
            try:
                self.disk.rename(self.building, self.folder)
            except TcpsError:
                if is_there(self.folder):
                    raise taken(self.folder) from None
                raise
            self._sync()
            return None

    def _replace(self, now: Timestamp) -> Path:
        if self._restored.exists():  # an earlier restore was interrupted
            self.disk.rename(self._restored, self._free(now))
        replaced = self._free(now)
        try:
            self.disk.rename(self.building, self._restored)
            self.disk.sync_dir(self.folder.parent)
            exchanged = self._exchange(replaced)
        except TcpsError:
            with contextlib.suppress(TcpsError):
                if self.folder.is_dir():  # else it is what the next one who looks for a store will find
                    self.disk.rename(self._restored, self.building)
            raise
        try:
            self._sync()
        finally:
            if exchanged:
                try:
                    self.disk.rename(self._restored, replaced)
                    self.disk.sync_dir(self.folder.parent)
                except TcpsError:
                    replaced = self._restored
        return replaced

    def _exchange(self, replaced: Path) -> bool:
        """Let the new store and the old one change places; False where the old one is `replaced` already."""
        if self.disk.exchange(self._restored, self.folder):
            return True
        self.disk.rename(self.folder, replaced)
        try:
            self.disk.sync_dir(self.folder.parent)
            self.disk.rename(self._restored, self.folder)
        except TcpsError as error:
            if not self._restored.exists() and self.folder.is_dir():  # another process has done it
                return False
            try:
                self.disk.rename(replaced, self.folder)
            except TcpsError:  # then the next one who looks for the store puts the new one there
                error.hint = MAY_BE_THERE
            raise
        return False

    def _sync(self) -> None:
        try:
            for directory in self._named_in:
                self.disk.sync_dir(directory)
        except TcpsError as error:
            error.hint = MAY_BE_THERE
            raise

    def _reserve(self, wait: float) -> Lock:
        while True:
            self.disk.make_dirs(self._scratch)
            held = lock(self._scratch / _LOCK, wait, self.disk)
            try:
                held.acquire()
                return held
            except LockTimeout as error:
                raise LockTimeout(
                    f"another restore to {self.folder} is under way; gave up after {wait:g} s",
                    hint=error.hint,
                    details=error.details,
                ) from None
            except Conflict:  # it has ended, and taken its folder away
                continue
            except TcpsError as error:
                if error.details.get("errno") != errno.ENOENT:
                    with contextlib.suppress(TcpsError):
                        self.disk.remove_dir(self._scratch)
                    raise

    def _clear(self) -> None:
        """Remove what is in the folder where the new store is made; its lock is held."""
        for name, kind in self.disk.entries(self._scratch):
            if kind == "folder":
                self.disk.remove_all(self._scratch / name)
            elif name != _LOCK:
                self.disk.remove(self._scratch / name)

    def _beside(self, suffix: str) -> Path:
        return self.folder.with_name(self.folder.name + suffix)

    def _free(self, now: Timestamp) -> Path:
        """A name for a store that is put aside, which is not there yet."""
        first = f"{_REPLACED}{now.replace(':', '')}"
        names = itertools.chain([first], (f"{first}-{n}" for n in itertools.count(2)))
        return next(path for path in map(self._beside, names) if not os.path.lexists(path))


def taken(folder: Path) -> Conflict:
    """The error for a place where a store is already."""
    return Conflict(
        f"there is a store in {folder} already",
        code="store_exists",
        hint="--force puts the restored one in its place and keeps this one beside it",
        details={"path": str(folder)},
    )


@contextlib.contextmanager
def _holding(one: Lock) -> Iterator[Lock]:
    one.acquire()
    try:
        yield one
    finally:
        one.close()
