"""A `System` that notes every call that changes the disk, and what callers had been told by then."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tcps.system import System, Where
from tests.crash.medium import Cut, Image, Medium, Write

STORE = ".tcps"
INDEX = "index.sqlite"
KEPT = (INDEX, f"{INDEX}-wal")
"""The index's files; -shm is left out, for SQLite makes it from -wal."""
Files = dict[str, bytes]
Hook = Callable[[str], bool]
"""Told of each call by its name, before it; may raise, or let others act. True: the write is a short one."""


class Promise(NamedTuple):
    """What must hold after a crash, by what callers were told before."""

    acknowledged: bytes = b""
    """The ledger begins with this."""
    possible: tuple[bytes, ...] = (b"",)
    """It is the beginning of one of these, up to a newline."""
    checkpoint: int = 0
    """The checkpoint covers at least so many entries."""
    wrong: frozenset[str] = frozenset()
    """Record files, below the store's folder, that may be other than the ledger says."""
    evidence: frozenset[bytes] = frozenset()
    """The contents of files that must still be somewhere."""
    signed: frozenset[tuple[str, bytes]] = frozenset()
    """Signed checkpoints that must be in their places."""
    refused: int = 0
    """How many callers were told that what they asked for was not done."""

    def seen(self, ledger: bytes) -> "Promise":
        """With a ledger as the live disk shows it now."""
        if any(one.startswith(ledger) for one in self.possible):
            return self
        kept = tuple(one for one in self.possible if not ledger.startswith(one))
        return self._replace(possible=(*kept, ledger))


class Call(NamedTuple):
    """A change of the medium: a method of `Medium` and what it takes."""

    method: str
    arguments: tuple[object, ...]

    def on(self, medium: Medium) -> None:
        getattr(medium, self.method)(*self.arguments)

    def half(self) -> "Call | None":
        """A write of the first half of what this one writes; None when it writes nothing."""
        change = self.arguments[-1] if self.arguments else None
        if not isinstance(change, Write):
            return None
        return Call(
            self.method, (self.arguments[0], Write(change.offset, change.data[: len(change.data) // 2]))
        )


class Step(NamedTuple):
    """A call, or None when a caller was told something; the promise and the index's files after it."""

    call: Call | None
    promise: Promise
    index: Files


class Recorder(System):
    """The real calls below `root`, noted as `steps`; but for sync(2), which takes as long as others wrote."""

    def __init__(self, root: Path, medium: Medium, promise: Promise, home: str = "") -> None:
        self.root = os.path.join(root, "")
        self.medium = medium
        self.promise = promise
        self.store = os.path.join(home, STORE)
        self.steps: list[Step] = []
        self.before: Hook | None = None
        self._open: dict[int, int] = {}
        self._index: Files = {}
        self._index_status: list[tuple[int, int] | None] = []

    def told(self, promise: Promise) -> None:
        """Note what a caller has just been told."""
        self.promise = promise
        self.steps.append(Step(None, promise, self.index()))

    def ledger(self) -> bytes:
        """The segments of the live disk, one after the other."""
        folder = self.medium.find(f"{self.store}/ledger")
        names = self.medium.entries[folder] if folder is not None else {}
        return b"".join(self.medium.content[names[one]] for one in sorted(names) if one.endswith(".jsonl"))

    def index(self) -> Files:
        """The index's files as they are."""
        folder = Path(self.root + self.store)
        status = [_status(folder / name) for name in KEPT]
        if status != self._index_status:
            self._index, self._index_status = index_files(folder), status
        return self._index

    # The calls

    def open(self, path: Where, flags: int, mode: int = 0o600) -> int:
        if os.path.basename(path).startswith(INDEX):
            return super().open(path, flags, mode)
        if not flags & (os.O_CREAT | os.O_TRUNC):
            fd = super().open(path, flags, mode)
            inode = self.medium.find(self._below(path))
            if inode is not None:
                self._open[fd] = inode
            return fd
        name = self._below(path)
        inode = self.medium.find(name)
        if inode is None or flags & os.O_TRUNC:
            self._about("open")
        fd = super().open(path, flags, mode)
        if inode is None:
            inode = self.medium.new()
            self._note("create", *self._entry(path), inode)
        elif flags & os.O_TRUNC and self.medium.content[inode]:
            self._note("change", inode, Cut(0))
        self._open[fd] = inode
        return fd

    def close(self, fd: int) -> None:
        self._open.pop(fd, None)
        super().close(fd)

    def write(self, fd: int, data: bytes | memoryview) -> int:
        is_short = self._about("write")
        taken = super().write(fd, data[: len(data) // 2] if is_short else data)
        offset = os.lseek(fd, 0, os.SEEK_CUR) - taken
        self._note("change", self._open[fd], Write(offset, bytes(data[:taken])))
        return taken

    def pwrite(self, fd: int, data: bytes, offset: int) -> int:
        self._about("pwrite")
        taken = super().pwrite(fd, data, offset)
        self._note("change", self._open[fd], Write(offset, data[:taken]))
        return taken

    def truncate(self, fd: int, size: int) -> None:
        self._about("truncate")
        super().truncate(fd, size)
        self._note("change", self._open[fd], Cut(size))

    def datasync(self, fd: int) -> None:
        self._about("datasync")
        super().datasync(fd)
        self._note("sync_file", self._open[fd])

    def fsync(self, fd: int) -> None:
        self._about("fsync")
        super().fsync(fd)
        inode = self._open[fd]
        self._note("sync_directory" if inode in self.medium.entries else "sync_file", inode)

    def sync(self) -> None:
        self._about("sync")
        self._note("sync")

    def rename(self, source: Where, target: Where) -> None:
        self._about("rename")
        super().rename(source, target)
        self._note("rename", *self._entry(source), *self._entry(target))

    def unlink(self, path: Where) -> None:
        if os.path.basename(path).startswith(INDEX):
            super().unlink(path)
            return
        if self.medium.find(self._below(path)) is not None:
            self._about("unlink")
        super().unlink(path)
        self._note("remove", *self._entry(path))

    def mkdir(self, path: Where, mode: int = 0o700) -> None:
        if not os.path.exists(path):
            self._about("mkdir")
        super().mkdir(path, mode)
        self._note("mkdir", *self._entry(path), self.medium.new())

    def rmdir(self, path: Where) -> None:
        self._about("rmdir")
        super().rmdir(path)
        self._note("remove", *self._entry(path))

    def _about(self, name: str) -> bool:
        return self.before is not None and self.before(name)

    def _note(self, method: str, *arguments: object) -> None:
        call = Call(method, arguments)
        call.on(self.medium)
        self.promise = self.promise.seen(self.ledger())
        if method == "sync_directory":
            self._signed()
        self.steps.append(Step(call, self.promise, self.index()))

    def _signed(self) -> None:
        """A signed checkpoint that is durable is kept for good, though nobody was told of it yet."""
        there = self.medium.safe_entries.get(self.medium.find(self.store) or 0, {}).get("checkpoint")
        content = b"" if there is None else self.medium.safe_content[there]
        if content.count(b"\n") > 3:
            self.promise = self.promise._replace(evidence=self.promise.evidence | {content})

    def _below(self, path: Where) -> str:
        """The path below the root, which it must be."""
        text = os.fspath(path)
        assert f"{text}/".startswith(self.root), text
        return text[len(self.root) :]

    def _entry(self, path: Where) -> tuple[int, str]:
        parent, _, name = self._below(path).rpartition("/")
        directory = self.medium.find(parent)
        assert directory is not None, path
        return directory, name


def index_files(folder: Path) -> Files:
    """The index's files in a store's folder."""
    return {name: (folder / name).read_bytes() for name in KEPT if (folder / name).exists()}


def _status(path: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size


def laid_out(folder: Path) -> Image:
    """The real contents of a folder but for the index's files."""
    found: Image = {}
    todo = [("", os.fspath(folder))]
    while todo:
        start, directory = todo.pop()
        for entry in os.scandir(directory):
            if entry.is_dir(follow_symlinks=False):
                found[start + entry.name] = None
                todo.append((f"{start}{entry.name}/", entry.path))
            elif not entry.name.startswith(INDEX):
                fd = os.open(entry.path, os.O_RDONLY)
                found[start + entry.name] = os.read(fd, entry.stat().st_size + 1)
                os.close(fd)
    return found
