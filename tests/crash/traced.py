"""A process that does every operation and prints what was noted: `python -m tests.crash.traced FOLDER`.

`strace` looks at it from outside (test_seam.py). The store in the folder has record files to repair.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from tcps.files import Disk
from tcps.store import create
from tcps.system import System
from tests.conftest import FixedClock
from tests.crash.medium import Cut, Medium, Write
from tests.crash.recorder import Promise, Recorder, Step, laid_out
from tests.crash.workloads import OPERATIONS
from tests.store import shop

Told = tuple[str | int, ...]
"""What a call did, to which path, and how much of it."""


class RealRecorder(Recorder):
    """Syncs the machine too."""

    def sync(self) -> None:
        super().sync()
        System.sync(self)


def told(medium: Medium, steps: list[Step]) -> Iterator[Told]:
    """What the steps did, by path, on a medium as it was before them."""
    for step in steps:
        assert step.call is not None
        names = {inode: path for path, inode in medium.reached(medium.entries)}
        match step.call.method, *step.call.arguments:
            case "create" | "mkdir" as method, int(directory), str(name), _:
                yield method, _joined(names, directory, name)
            case "rename", int(source), str(old), int(target), str(new):
                yield "rename", _joined(names, source, old), _joined(names, target, new)
            case "remove", int(directory), str(name):
                yield "remove", _joined(names, directory, name)
            case "change", int(inode), Write(_, data):
                yield "write", names[inode], len(data)
            case "change", int(inode), Cut(size):
                yield "truncate", names[inode], size
            case "sync_file" | "sync_directory", int(inode):
                yield "sync", names.get(inode, "")
            case _:
                yield ("sync everything",)
        step.call.on(medium)


def _joined(names: dict[int, str], directory: int, name: str) -> str:
    return f"{names[directory]}/{name}" if directory in names else name


def main(folder: Path) -> None:
    image = laid_out(folder)
    recorder, disk = RealRecorder(folder, Medium(image), Promise()), Disk()
    disk.system = recorder
    create(folder / "another", disk=disk, clock=FixedClock())
    with shop.opened(folder, disk=disk, boot="one") as store:
        for operation in reversed(OPERATIONS):  # the repair first
            operation(store)
    with shop.opened(folder, disk=disk, boot="two") as store:  # makes the index anew, and the record files
        store.list_work_orders()
    json.dump(list(told(Medium(image), recorder.steps)), sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
