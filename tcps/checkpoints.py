"""The checkpoints that a store holds: the newest, and every signed one (format 9.2)."""

from collections.abc import Iterator
from pathlib import Path

from tcps.errors import IntegrityError
from tcps.files import Disk
from tcps.merkle import Signed

NEWEST = "checkpoint"
SIGNED = "checkpoints"
_MOST_BYTES = 1024 * 1024
"""No checkpoint is longer."""


def read(disk: Disk, folder: Path, name: str = NEWEST) -> Signed | None:
    """The checkpoint in a file; None when there is none. Raises ValueError when it is garbled."""
    if (size := disk.size(folder / name)) > _MOST_BYTES:
        raise ValueError(f"it has {size} bytes; no checkpoint has more than {_MOST_BYTES}")
    content = disk.read(folder / name, _MOST_BYTES)
    return None if content is None else Signed.parsed(content)


def newest(disk: Disk, folder: Path, origin: str) -> Signed | None:
    """The newest one; None when there is none yet. Raises IntegrityError when it is garbled."""
    try:
        signed = read(disk, folder)
        if signed is not None and signed.checkpoint.origin != origin:
            raise ValueError(f"it is of {signed.checkpoint.origin}, not of {origin}")
    except ValueError as error:
        raise IntegrityError(f"{folder / NEWEST} is damaged: {error}") from None
    return signed


def names(disk: Disk, folder: Path) -> Iterator[str]:
    """The files that hold checkpoints, as paths below the store's folder, the signed ones by size."""
    yield NEWEST
    yield from (f"{SIGNED}/{name}" for name in disk.names(folder / SIGNED) if not name.startswith("."))


def signed_name(size: int) -> str:
    """The file of the signed checkpoint of a size."""
    return f"{SIGNED}/{size:012d}"


def keep(disk: Disk, folder: Path, signed: Signed) -> None:
    """Make it the newest, durably; a signed one is kept for good, too. The writer's lock is held.

    Where a crash came between the two steps, the next call keeps the earlier one for good.
    """
    before = read(disk, folder)
    if before is not None and before.signatures:
        _keep_for_good(disk, folder, before)
    disk.replace_durably(folder / NEWEST, signed.text().encode())
    if signed.signatures:
        _keep_for_good(disk, folder, signed)


def _keep_for_good(disk: Disk, folder: Path, signed: Signed) -> None:
    path = folder / signed_name(signed.checkpoint.size)
    content = signed.text().encode()
    if disk.read(path) != content:
        disk.make_dirs(path.parent)
        disk.sync_dir(folder)
        disk.replace_durably(path, content)
