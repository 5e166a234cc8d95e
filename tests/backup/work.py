"""What a process of its own does beside a restore: `python -m tests.backup.work MODE FOLDER`.

It says on a line what it is about to do, and goes on when it is told to.
"""

import sys
from pathlib import Path

from tcps.errors import TcpsError
from tcps.store import Store
from tests.store import shop
from tests.store.faults import QuickDisk, QuickSystem


class Holding(QuickSystem):
    """Stops once it is armed, before or `after` a file is synced."""

    def __init__(self, *, after: bool) -> None:
        self.after = after
        self.armed = False

    def datasync(self, fd: int) -> None:
        stops, self.armed = self.armed, False
        if stops and not self.after:
            say("stopped")
        super().datasync(fd)
        if stops and self.after:
            say("stopped")


def say(what: str) -> None:
    """Print a line, and wait for one."""
    print(what, flush=True)
    sys.stdin.readline()


def write(folder: str) -> None:
    """Have the store open, then write to it: prints the id that was acknowledged, or the error's code."""
    with Store.open(folder, actor="writer", wait=60) as store:
        shop.order(store, "by the writer")
        say("open")
        print(outcome(store), flush=True)


def unsynced(folder: str) -> None:
    """The same, but it stops between the append and the sync."""
    _stopped(folder, Holding(after=False))


def unprojected(folder: str) -> None:
    """The same, but it stops between the sync and the record files."""
    _stopped(folder, Holding(after=True))


def look(folder: str) -> None:
    """Open the store again and again, and go on reading one that is open; prints what came of it."""
    codes = set()
    kept = Store.open(folder, actor="reader")
    print("open", flush=True)
    while not Path(folder, "enough").exists():
        try:
            with Store.open(folder, actor="reader") as store:
                assert len(store.list_work_orders()) >= 1
        except TcpsError as error:
            codes.add(error.code)
        try:
            assert len(kept.list_work_orders()) >= 1
        except TcpsError as error:
            codes.add(error.code)
            kept.close()
            kept = Store.open(folder, actor="reader")
    kept.close()
    print(sorted(codes), flush=True)


def outcome(store: Store) -> str:
    """The id of an order that was acknowledged, or the code and the hint of the error."""
    try:
        return shop.order(store, "by the writer")
    except TcpsError as error:
        return f"{error.code}: {error.hint}"


def _stopped(folder: str, system: Holding) -> None:
    with shop.opened(Path(folder), disk=QuickDisk(system), actor="writer", wait=60) as store:
        shop.order(store, "by the writer")
        system.armed = True
        print(outcome(store), flush=True)


if __name__ == "__main__":
    {"write": write, "unsynced": unsynced, "unprojected": unprojected, "look": look}[sys.argv[1]](sys.argv[2])
