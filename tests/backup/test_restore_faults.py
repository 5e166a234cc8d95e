"""Any call to the system fails, once or for good, or is the process's last one, at every place of a restore.

Whatever comes of it: the old store or the new one is there, whole, and the next restore is done. The deep run
takes every place, the gate a few of each; `-s` shows how many.
"""

import errno
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tcps.errors import TcpsError
from tcps.ledger import MAY_BE_THERE
from tcps.store import Store
from tests.backup import shelf
from tests.store import shop
from tests.store.faults import FAULTS, DyingSystem, FailingSystem, Fault, QuickDisk, Watched, in_child, places
from tests.store.test_faults import finish_repair

OLD, NEW = ["first", "second", "not in the backup"], ["first", "second"]


def prepared(folder: Path) -> Path:
    """A store with a full and an incremental archive, an artifact, and an entry since."""
    with shop.made(folder) as store:
        (store.folder / "artifacts").mkdir()
        (store.folder / "artifacts" / "one").write_bytes(b"an artifact")
        shop.order(store, "first")
        store.backup(to=folder / "backups")
        store.checkpoint()
        shop.order(store, "second")
        shop.receipt(store, shop.sku(store).id)
        store.backup("incremental", to=folder / "backups")
        shop.order(store, "not in the backup")
    return folder


def restore(folder: Path, system: Watched, **options: Any) -> Path | None:
    """Put the newest backup in the place of the store; where that is."""
    archive = folder / "backups" / shelf.archives(folder / "backups")[-1]
    options = {"force": True, "accept_rollback": True} | options
    return Store.restore(archive, folder, disk=QuickDisk(system), actor="bob", **options).replaced


class TwoRenames(FailingSystem):
    """The same on a system that cannot exchange two names."""

    def reached(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        if name == "exchange":
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
        return super().reached(name, call, arguments)


class DyingBetween(DyingSystem):
    """The same on a system that cannot exchange two names."""

    def reached(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        if name == "exchange":
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
        return super().reached(name, call, arguments)


def titles(folder: Path) -> list[str]:
    with shop.opened(folder, disk=QuickDisk()) as store:
        return [order.title for order in store.list_work_orders() if order.title != "make web-1"]


def check(folder: Path, old: dict[str, bytes], *, is_new: bool | None) -> None:
    """The old store or the new one is there, as it was told; both can be gone on with."""
    found = Store.open(folder, actor="bob").folder  # which puts one in its place
    assert found == folder / ".tcps"
    is_old = shop.contents(folder) == old
    assert is_new in (None, not is_old)
    assert titles(folder) == (OLD if is_old else NEW)
    with shop.opened(folder, disk=QuickDisk()) as store:
        finish_repair(store)
        assert shop.classes(store) == set()
    kept = [path for path in folder.iterdir() if path.name.startswith(".tcps.re")]
    stores = [path for path in kept if not path.name.endswith(".restoring")]
    assert is_old or any(_is(path, old) for path in stores)
    restore(folder, Watched())
    assert titles(folder) == NEW
    left = {path.name for path in folder.iterdir() if path.name.startswith(".tcps.rest")}
    assert left == set()
    assert all(path.is_dir() or path.name.endswith(".restored") for path in stores)
    shutil.rmtree(folder)


def _is(path: Path, old: dict[str, bytes]) -> bool:
    ledger = b"".join(one.read_bytes() for one in sorted((path / "ledger").glob("*.jsonl")))
    return ledger == b"".join(old[name] for name in sorted(old) if name.endswith(".jsonl"))


@pytest.mark.parametrize("failing", [FailingSystem, TwoRenames], ids=["exchanged", "renamed twice"])
@pytest.mark.parametrize("for_good", [False, True], ids=["once", "for good"])
@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_whatever_fails_the_store_is_no_worse(
    quick_path: Path, fault: Fault, for_good: bool, failing: type[FailingSystem]
) -> None:
    """Format 14.2."""
    base = prepared(quick_path / "base")
    old = shop.contents(base)
    counting = failing(fault, 0)
    restore(shop.copied(base, quick_path / "sound"), counting)
    check(quick_path / "sound", old, is_new=True)
    for at in places(counting.count):
        folder, system = shop.copied(base, quick_path / f"{at}"), failing(fault, at, for_good=for_good)
        failed: TcpsError | None = None
        try:
            restore(folder, system)
        except TcpsError as error:
            failed = error
        assert failed is None or failed.code in ("storage_error", "integrity_error", "unreadable"), (
            at,
            failed,
        )
        assert system.count >= at
        maybe = failed is not None and failed.hint == MAY_BE_THERE
        check(folder, old, is_new=None if maybe else failed is None)
    print(f"\n{fault.name}: {len(places(counting.count))} of {counting.count} places")


@pytest.mark.parametrize("dying", [DyingSystem, DyingBetween], ids=["exchanged", "renamed twice"])
@pytest.mark.parametrize("when", ["before", "half", "after"])
def test_killed_at_any_call_the_old_store_or_the_new_one_is_there(
    quick_path: Path, when: str, dying: type[DyingSystem]
) -> None:
    """Format 14.2."""
    base = prepared(quick_path / "base")
    old = shop.contents(base)
    counting = dying(0, when)
    restore(shop.copied(base, quick_path / "sound"), counting)
    for at in places(counting.count, few=12):
        folder = shop.copied(base, quick_path / f"{at}")
        status = in_child(lambda folder=folder, at=at: restore(folder, dying(at, when)))
        assert os.WIFSIGNALED(status)
        assert os.WTERMSIG(status) == signal.SIGKILL
        check(folder, old, is_new=None)
    print(f"\nkilled {when}: {len(places(counting.count, few=12))} of {counting.count} places")
