"""Restoring an archive for a moment, to see that it can be done (`backup verify --restore-test`)."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tcps.backup import Place
from tcps.backup.progress import Progress
from tcps.files import Disk, storage
from tcps.model import Clock
from tcps.store.restoring import Means, Request, restore
from tcps.verify import Report


def rehearse(
    place: Place, name: str, scratch: Path | None, clock: Clock, progress: Progress | None = None
) -> Report:
    """Restore an archive into a folder that is gone afterwards; what a verification of the store found.

    The folder is made in `scratch`, or where the system has temporary files. Raises as `restore`.
    """
    disk = Disk()
    with _folder(scratch, disk) as folder:
        request = Request(place=place, name=name, folder=folder / ".tcps", actor="restore test")
        return restore(request, Means(disk, clock, 0, progress=progress)).report


@contextlib.contextmanager
def _folder(parent: Path | None, disk: Disk) -> Iterator[Path]:
    """A new folder, which is removed in the end with all that is in it."""
    where = Path(tempfile.gettempdir() if parent is None else parent)
    with storage("make a folder in", where):
        folder = Path(tempfile.mkdtemp(prefix="tcps-restore-test-", dir=where))
    try:
        yield folder
    finally:
        disk.remove_all(folder)
