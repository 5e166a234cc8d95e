"""The commit protocol with one step left out or in the wrong place: each such mutant must be caught.

A mutant is a piece of a module's text and what stands there instead. It is run from a copy of the
package, by a process of its own, on the workloads that can show it.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.crash.campaign import Plan
from tests.store import shop

PLAN = Plan(most=10)
RECOVERIES = Plan(most=8, recoveries=1, of_recovery=2, calls=4)
"""Crashes in recoveries, after a line was appended."""


class Mutant(NamedTuple):
    """What is wrong, where, and the workloads (by a regular expression) on which it must show.

    Those that are wrong while a store is made show in `CREATION`.
    """

    name: str
    module: str
    old: str
    new: str
    workloads: str
    plan: Plan = PLAN


CREATION = "creation"
_WRONG = re.compile(r"^.*, step \d+, (power|killed): (AssertionError: )?|^AssertionError: ")
LOCATION = "store/location.py"
SEGMENTS, FILES, ENGINE = "ledger/segments.py", "files.py", "store/engine.py"
FOLDING, RECORDS, REPAIR = "store/folding.py", "projections/records.py", "store/repair.py"
MUTANTS = (
    Mutant(
        "the ledger is not synced",
        SEGMENTS,
        "        self._finish(appended.fd, appended.head.segment)\n",
        "        self.disk.close(appended.fd)\n",
        "plain: create",
    ),
    Mutant(
        "record files are written, and the change is acknowledged, before the ledger is synced",
        ENGINE,
        """                self._settle(batch, appended)
            finally:
""",
        """                sync, self.ledger.sync = self.ledger.sync, lambda appended: None
                self._settle(batch, appended)
                self.ledger.sync = sync
                sync(appended)
            finally:
""",
        "plain: create",
    ),
    Mutant(
        "a segment that a batch leaves is not synced",
        SEGMENTS,
        "                self._finish(fd, before)\n",
        "                self.disk.close(fd)\n",
        "plain: rotation",
    ),
    Mutant(
        "a segment that others filled is not synced before the next one",
        SEGMENTS,
        "                self.disk.sync_file(self.path(before))\n",
        "                pass\n",
        r"covered: create\[rotation at 3\]",
    ),
    Mutant(
        "the folder of a new segment is not synced",
        SEGMENTS,
        "            if new:\n",
        "            if False:\n",
        "plain: rotation",
    ),
    Mutant(
        "the folder is synced before the new segment is in it",
        SEGMENTS,
        """        fd = self.disk.open_append(path)
        try:
            if new:
                self.disk.sync_dir(self.directory)
""",
        """        if new:
            self.disk.sync_dir(self.directory)
        fd = self.disk.open_append(path)
        try:
""",
        "plain: rotation",
    ),
    Mutant(
        "segments that are taken back are not synced away",
        SEGMENTS,
        "        if later:\n            self.disk.sync_dir(self.directory)\n",
        "",
        r"covered: rotation\[fails at 9\] batch",
    ),
    Mutant(
        "lines that are taken back are not synced away",
        SEGMENTS,
        """            self.disk.truncate(fd, head.offset, path)
            self.disk.sync(fd, path)
""",
        "            self.disk.truncate(fd, head.offset, path)\n",
        r"covered: create\[fails at 3\] batch",
    ),
    Mutant(
        "an append that fails leaves what it wrote",
        SEGMENTS,
        "                self.undo(start)\n            except TcpsError:\n",
        "                pass\n            except TcpsError:\n",
        r"covered: rotation\[fails at 9\] batch",
    ),
    Mutant(
        "a torn tail is cut off without being kept",
        SEGMENTS,
        "            if segment >= head.segment and rest > 0:\n",
        "            if False:\n",
        "plain: create",
    ),
    Mutant(
        "the folder of torn tails is not durable before the cut",
        SEGMENTS,
        "                self.disk.sync_dir(torn.parent)\n",
        "",
        "covered: create",
        plan=RECOVERIES,
    ),
    Mutant(
        "a torn tail's file is not durable before the cut",
        SEGMENTS,
        "                self.disk.replace_durably(kept,",
        "                self.disk.replace(kept,",
        "covered: create",
        plan=RECOVERIES,
    ),
    Mutant(
        "a torn tail takes the place of an earlier one",
        SEGMENTS,
        "    return next(one for one in names if one not in taken)\n",
        "    return name\n",
        "covered: create",
        plan=RECOVERIES,
    ),
    Mutant(
        "a temporary file of a crash is written over",
        FILES,
        "os.O_EXCL",
        "os.O_TRUNC",
        r"covered: transition\[transition at 12\]",
        plan=Plan(1, 1, 6, 3),
    ),
    Mutant(
        "what replaces a file durably is not synced before it is renamed",
        FILES,
        "                    if durably:\n                        system.fsync(fd)\n",
        "",
        "plain: checkpoint",
    ),
    Mutant(
        "what replaces a file durably is synced after it is renamed",
        FILES,
        """                    if durably:
                        system.fsync(fd)
                finally:
                    system.close(fd)
                system.rename(temp, path)
""",
        """                    system.rename(temp, path)
                    if durably:
                        system.fsync(fd)
                finally:
                    system.close(fd)
""",
        "plain: checkpoint",
    ),
    Mutant(
        "the folder of a file that is replaced durably is not synced",
        FILES,
        "        self.sync_dir(path.parent)\n",
        "",
        "plain: checkpoint",
    ),
    Mutant(
        "lines of others are not synced before a checkpoint",
        ENGINE,
        "            self.ledger.sync_end()  # others may have appended, and not synced yet\n",
        "",
        r"covered: create\[checkpoint at 3\]",
    ),
    Mutant(
        "record files are not synced before the checkpoint that covers them",
        ENGINE,
        "        self.fold.disk.sync_all()\n",
        "",
        "(plain|covered): create checkpoint",
    ),
    Mutant(
        "record files are synced after the checkpoint that covers them",
        ENGINE,
        """        self.fold.disk.sync_all()
        return self.keep_checkpoint(Signed(made))
""",
        """        kept = self.keep_checkpoint(Signed(made))
        self.fold.disk.sync_all()
        return kept
""",
        "(plain|covered): create checkpoint",
    ),
    Mutant(
        "the folder of signed checkpoints is not synced",
        "checkpoints.py",
        "        disk.sync_dir(folder)\n",
        "",
        "plain: sign",
    ),
    Mutant(
        "a signed checkpoint is not kept before the next one replaces it",
        "checkpoints.py",
        """    if before is not None and before.signatures:
        _keep_for_good(disk, folder, before)
""",
        "",
        r"covered: sign\[killed at 1\d\] create checkpoint",
    ),
    Mutant(
        "a signed checkpoint is kept for good before it is the newest",
        "checkpoints.py",
        """    disk.replace_durably(folder / NEWEST, signed.text().encode())
    if signed.signatures:
        _keep_for_good(disk, folder, signed)
""",
        """    if signed.signatures:
        _keep_for_good(disk, folder, signed)
    disk.replace_durably(folder / NEWEST, signed.text().encode())
""",
        "plain: create sign",
    ),
    Mutant(
        "lines are not synced before the record files that a new index brings with it",
        FOLDING,
        "            self.ledger.sync_end()\n",
        "",
        "covered: create",
        plan=RECOVERIES,
    ),
    Mutant(
        "the note says that record files are written before they are",
        RECORDS,
        """            if position < last:
                mark = Mark""",
        """            if position < last:
                self._lock.write_note(Mark(last, self.boot).note())
                mark = Mark""",
        "plain: create",
    ),
    Mutant(
        "record files of another boot are taken for written",
        RECORDS,
        "        if mark is not None and mark.boot == self.boot:\n            return mark.seq\n",
        "        if mark is not None:\n            return mark.seq\n",
        "plain: create",
    ),
    Mutant(
        "what a power cut left of a record file is taken for somebody's",
        RECORDS,
        "    return len(content) <= len(wanted) and all(",
        "    return content == wanted and all(",
        "plain: create",
    ),
    Mutant(
        "an index of another boot is trusted",
        "projections/index.py",
        "        return bool(row == (self.boot, self.store_id))\n",
        "        return bool(row[1] == self.store_id)\n",
        "plain: create",
    ),
    Mutant(
        "the index is committed before the line is appended",
        ENGINE,
        "        appended = self.ledger.append(batch.start, batch.lines)\n",
        "        db.commit()\n        appended = self.ledger.append(batch.start, batch.lines)\n",
        "plain: create",
    ),
    Mutant(
        "the index is removed after its lines are taken back",
        ENGINE,
        """                self.fold.disown()  # first: an index must never be ahead of the ledger
                self.ledger.undo(batch.start)
""",
        """                self.ledger.undo(batch.start)
                self.fold.discard()
""",
        r"covered: create\[fails at 3\] batch",
    ),
    Mutant(
        "lines are taken back though others have built on them",
        ENGINE,
        "            alone = self.ledger.length() == appended.head[1:]\n",
        "            alone = True\n",
        r"covered: create\[create is overtaken at 3\]",
    ),
    Mutant(
        "lines are taken back though the record files show them",
        ENGINE,
        "            if alone and self.records.acknowledged() < batch.entries[0].seq:\n",
        "            if alone:\n",
        r"covered: create\[checkpoint fails at 3\]",
    ),
    Mutant(
        "a verification takes what a power cut left for damage",
        "verify/reading.py",
        "            if not line.whole or not acknowledged:\n",
        "            if not line.whole:\n",
        "plain: batch",
        plan=Plan(20),
    ),
    Mutant(
        "a repair moves files into folders that are not durable",
        REPAIR,
        """            disk.make_dirs((place / path).parent)
        disk.sync_all()
""",
        "            disk.make_dirs((place / path).parent)\n",
        "damaged: repair",
    ),
    Mutant(
        "a repair writes over evidence that is not durable elsewhere",
        REPAIR,
        """                disk.rename(folder / path, place / path)
        disk.sync_all()
""",
        "                disk.rename(folder / path, place / path)\n",
        "damaged: repair",
        plan=Plan(60),
    ),
    Mutant(
        "a repair is over before it is durable",
        REPAIR,
        """                disk.replace(folder / row.path, view.loader.from_ledger(row))
            disk.sync_all()
""",
        "                disk.replace(folder / row.path, view.loader.from_ledger(row))\n",
        "damaged: repair",
    ),
    Mutant(
        "a new store's name is not durable",
        LOCATION,
        "            disk.sync_dir(directory)\n",
        "            pass\n",
        CREATION,
    ),
    Mutant(
        "the folders that were made for a new store are not durable",
        LOCATION,
        "    return [parent, *(folder.parent for folder in made)]\n",
        "    return [parent]\n",
        CREATION,
    ),
    Mutant(
        "a new store has its name before its first segment is durable",
        LOCATION,
        '        disk.replace_durably(building / "ledger" /',
        '        disk.replace(building / "ledger" /',
        CREATION,
    ),
    Mutant(
        "a new store has its name before it is durable what it is",
        LOCATION,
        '        disk.replace_durably(building / "store.json",',
        '        disk.replace(building / "store.json",',
        CREATION,
    ),
    Mutant(
        "a new store has its name before all of it is there",
        LOCATION,
        """        disk.replace_durably(building / "store.json", identity.content())
        disk.rename(building, folder)
""",
        """        disk.rename(building, folder)
        disk.replace_durably(folder / "store.json", identity.content())
""",
        CREATION,
    ),
)


def caught(mutant: Mutant) -> str:
    """What was found wrong in the first state in which the mutant shows; empty if it does not."""
    with tempfile.TemporaryDirectory() as folder:
        done = _run(_made(Path(folder), mutant), [mutant])
    found = [line for line in done.stderr.splitlines() if _WRONG.search(line)]
    return _WRONG.sub("", found[0]) if done.returncode == 1 and found else ""


def whole() -> str:
    """What is found wrong in the package as it is, on the workloads of all mutants; empty if nothing is."""
    ways: dict[Plan, list[Mutant]] = {}
    for one in MUTANTS:
        if one.workloads != CREATION:
            ways.setdefault(one.plan, []).append(one)
    done = [_run(shop.ROOT, mutants) for mutants in ways.values()]
    return "".join(one.stderr for one in done if one.returncode != 0)


def _run(where: Path, mutants: list[Mutant]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _command(mutants),
        cwd=where,
        env=shop.unmeasured() | {"PYTHONPATH": f"{where}:{shop.ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )


def _command(mutants: list[Mutant]) -> list[str]:
    names = "|".join(sorted({one.workloads for one in mutants}))
    if names == CREATION:
        return [sys.executable, "-m", "tests.crash.creation"]
    only = ["--only", names, "--workers", "0", "--stop-at", "1"]
    most, recoveries, of_recovery, calls = map(str, mutants[0].plan)
    plan = ["--most", most, "--recoveries", recoveries, "--of-recovery", of_recovery, "--calls", calls]
    return [sys.executable, "-m", "tests.crash", *only, *plan]


def _made(folder: Path, mutant: Mutant) -> Path:
    """A copy of the package with the mutant in it."""
    shutil.copytree(shop.ROOT / "tcps", folder / "tcps")
    path = folder / "tcps" / mutant.module
    text = path.read_text()
    assert text.count(mutant.old) == 1, f"{mutant.name}: its place in {mutant.module} is not there once"
    path.write_text(text.replace(mutant.old, mutant.new))
    return folder
