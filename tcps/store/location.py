"""Where stores are: finding one, making one, reading what it says of itself (format 2)."""

import contextlib
import itertools
import os
from pathlib import Path

import msgspec

from tcps.canonical import file_bytes, parse
from tcps.errors import IntegrityError, InvalidInput, NoStore, TcpsError, Undecided
from tcps.files import Disk, boot_id, storage
from tcps.identity import FORMAT, IDENTITY_BYTES, Identity
from tcps.ledger import MAY_BE_THERE
from tcps.model import Clock, system_clock

__all__ = ["Identity", "boot_id", "create", "find", "identify"]

FOLDER = ".tcps"
RESTORED = ".restored"
"""Ends the name of a whole store that is about to take the place of another one, or that has just left it."""


def find(given: str | None, start: Path) -> Path:
    """The store's folder: the given one, else the nearest in `start` or a folder above it.

    `given` is a `.tcps` folder or the folder that holds one. Raises NoStore.
    """
    with storage("look for a store in", start if given is None else start / given):
        return _found(given, start)


def _found(given: str | None, start: Path) -> Path:
    if given is not None:
        if not given:
            raise InvalidInput("the store's folder is given as an empty text", details={"fields": ["store"]})
        path = start / given
        if (path / "store.json").exists() or (path.name == FOLDER and is_there(path)):
            return path
        if is_there(path / FOLDER):
            return path / FOLDER
        if not path.exists() and is_there(path):
            return path
        raise _no_store(f"there is no store in {path}", path)
    for folder in (start, *start.parents):
        if is_there(folder / FOLDER):
            return folder / FOLDER
    raise _no_store(f"there is no store in {start} or any folder above it", start)


def in_folder(parent: Path) -> Path:
    """The store's folder in a folder; of one that is named as a store's, itself."""
    return parent if parent.name == FOLDER else parent / FOLDER


def is_there(folder: Path) -> bool:
    """Whether a store's folder is there; one that a restore was about to put there is put there.

    That is what a restore that was interrupted between two renames has left to do (format 14.2).
    """
    if folder.is_dir():
        return True
    place = Path(os.path.realpath(folder)) if folder.is_symlink() else folder
    restored = place.with_name(place.name + RESTORED)
    if not restored.is_dir():
        return False
    with contextlib.suppress(TcpsError):  # another process may have been faster
        Disk().rename(restored, place)
        Disk().sync_dir(place.parent)
    return folder.is_dir()


def create(parent: Path, disk: Disk | None = None, clock: Clock = system_clock) -> tuple[Path, bool]:
    """Make `parent`/.tcps, whole or not at all; gives its path, and False when it was there already."""
    disk = disk or Disk()
    folder = parent / FOLDER
    if is_there(folder):
        identify(folder, disk)
        return folder, False
    store_id = os.urandom(8).hex()
    created = clock()
    identity = Identity.new(store_id, created)
    named_in = make_parents(disk, parent)
    building = parent / f"{FOLDER}.{store_id}"
    try:
        disk.make_dirs(building / "ledger")
        disk.replace_durably(building / "ledger" / "000000000001.jsonl", b"")
        disk.replace_durably(building / "store.json", identity.content())
        disk.rename(building, folder)
    except TcpsError:
        _remove_built(disk, building)
        if folder.is_dir():  # another process made it meanwhile
            return folder, False
        raise
    try:
        for directory in named_in:
            disk.sync_dir(directory)
    except TcpsError as error:
        error.hint = MAY_BE_THERE
        raise
    return folder, True


def identify(folder: Path, disk: Disk) -> Identity:
    """What store.json says. Raises Undecided (a newer format) or IntegrityError (damage)."""
    content = disk.read(folder / "store.json", IDENTITY_BYTES)
    if content is None:
        raise IntegrityError(
            f"{folder} has no store.json: it is damaged, or no store at all",
            hint="put store.json back from a copy, or remove the folder if it is no store",
            details={"path": str(folder)},
        )
    try:
        value = parse(content)
        newer = isinstance(value, dict) and isinstance(value.get("format"), int) and value["format"] > FORMAT
        if newer:
            raise Undecided(
                f"the store {folder} has format {value['format']}; this program knows {FORMAT}",
                code="format_too_new",
                hint="use a newer tcps",
                details={"format": value["format"], "known": FORMAT},
            )
        identity = msgspec.convert(value, Identity)
        if file_bytes(value) != content:
            raise ValueError("it is not in canonical form")
        identity.require_sound()
    except (ValueError, msgspec.ValidationError) as error:
        raise IntegrityError(
            f"{folder / 'store.json'} is damaged: {error}",
            hint="put it back from a copy: without the store's id nothing can be said of what is there",
            details={"path": str(folder / "store.json")},
        ) from None
    return identity


def make_parents(disk: Disk, parent: Path) -> list[Path]:
    """Make `parent`; gives it and the folders that name those which were not there.

    When all of them are synced, what was made in `parent` is found after a power cut too.
    """
    made = list(itertools.takewhile(lambda folder: not folder.exists(), (parent, *parent.parents)))
    disk.make_dirs(parent)
    return [parent, *(folder.parent for folder in made)]


def _remove_built(disk: Disk, building: Path) -> None:
    ledger = building / "ledger"
    for remove, path in (
        (disk.remove, ledger / "000000000001.jsonl"),
        (disk.remove_dir, ledger),
        (disk.remove, building / "store.json"),
        (disk.remove_dir, building),
    ):
        with contextlib.suppress(TcpsError):
            remove(path)


def _no_store(message: str, path: Path) -> NoStore:
    return NoStore(message, hint="make one: tcps init", details={"path": str(path)})
