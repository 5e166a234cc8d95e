"""The lock: one at a time, across processes, threads and both implementations."""

import contextlib
import errno
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import filelock
import pytest

from tcps.errors import LockTimeout, TcpsError
from tcps.locks import Lock, PollingLock, lock
from tcps.store import Store
from tests.store import shop
from tests.store.faults import FAULTS, FailingSystem, Fault, QuickDisk, QuickSystem


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock"


@contextlib.contextmanager
def held_by_another_process(path: Path) -> Iterator[int]:
    """The lock is held by a process with this id, until the end."""
    process = shop.process("hold", path)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process.pid
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("kind", [Lock, PollingLock])
@pytest.mark.parametrize("wait", [0, 0.1])
def test_a_timeout_names_the_holder(path: Path, kind: type[Lock], wait: float) -> None:
    with held_by_another_process(path):
        start = time.monotonic()
        with pytest.raises(LockTimeout) as late:
            kind(path, wait).acquire()
        assert late.value.details == {"holder": "pid of the test"}
        assert late.value.exit_code == 11
        assert time.monotonic() - start >= wait


@pytest.mark.parametrize("kind", [Lock, PollingLock])
def test_it_is_free_when_its_holder_is_killed(path: Path, kind: type[Lock]) -> None:
    with held_by_another_process(path) as pid:
        threading.Timer(0.2, os.kill, (pid, signal.SIGKILL)).start()
        taken = kind(path, 10)
        taken.acquire()
        taken.close()


def test_flock_and_filelock_exclude_each_other(path: Path) -> None:
    ours, theirs = Lock(path, 0.05), filelock.FileLock(str(path), timeout=0.05)
    ours.acquire()
    with pytest.raises(filelock.Timeout):
        theirs.acquire()
    ours.release()
    with theirs, pytest.raises(LockTimeout):
        ours.acquire()
    ours.acquire()
    ours.close()


@pytest.mark.parametrize(("first", "second"), [(PollingLock, Lock), (Lock, PollingLock)])
def test_the_two_kinds_take_turns(path: Path, first: type[Lock], second: type[Lock]) -> None:
    one, other = first(path, 0.05), second(path, 0.05)
    for _ in range(3):
        one.acquire()
        one.write_note(b"one\n")
        with pytest.raises(LockTimeout) as late:
            other.acquire()
        assert late.value.details["holder"] == "one"
        one.release()
        other.acquire()
        assert other.read_note() in (b"one\n", b"other, longer\n")
        other.write_note(b"other, longer\n")
        other.release()
    one.close()
    other.close()
    assert path.exists()


def test_one_that_came_too_late_does_not_keep_the_lock(path: Path) -> None:
    first, late, third = (Lock(path, 0.05) for _ in range(3))
    first.acquire()
    with pytest.raises(LockTimeout):
        late.acquire()
    first.close()
    third.wait = 5
    third.acquire()  # the late one may have it for a moment, then lets go
    third.release()
    late.wait = 5
    late.acquire()
    late.close()
    third.close()


def test_an_interrupted_wait_does_not_keep_the_lock(path: Path) -> None:
    first, interrupted = Lock(path, 1), Lock(path, 30)
    first.acquire()

    def alarm(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, alarm)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(KeyboardInterrupt):
            interrupted.acquire()
    finally:
        signal.signal(signal.SIGALRM, before)
    first.close()
    third = Lock(path, 5)
    third.acquire()
    third.close()


def test_waiters_get_it_one_after_the_other(path: Path) -> None:
    inside, most, turns = 0, 0, 0

    def work() -> None:
        nonlocal inside, most, turns
        own = Lock(path, 30)
        for _ in range(20):
            own.acquire()
            inside += 1
            most, turns = max(most, inside), turns + 1
            inside -= 1
            own.release()
        own.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, turns) == (1, 160)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_neither_has_nor_keeps_it(path: Path) -> None:
    own = Lock(path, 0.1)
    own.acquire()
    pid = os.fork()
    if pid == 0:  # pragma: no cover - the child
        try:
            with contextlib.suppress(LockTimeout):
                own.acquire()
                os._exit(1)
            time.sleep(1)
            os._exit(0)
        finally:
            os._exit(70)
    time.sleep(0.3)
    own.close()
    other = Lock(path, 0.3)
    other.acquire()
    other.close()
    assert os.waitpid(pid, 0)[1] == 0


def test_a_lock_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(TcpsError) as failed:
        Lock(tmp_path / "no" / "lock", 1).acquire()
    assert failed.value.code == "storage_error"


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.part is not None])
def test_a_note_that_cannot_be_written_whole_is_none(path: Path, fault: Fault) -> None:
    """Half of `20` over `19` would be `29` (format 8.5)."""
    own = Lock(path, 1, QuickDisk(FailingSystem(fault, 2)))
    own.acquire()
    own.write_note(b"19 boot\n")
    with pytest.raises(TcpsError) as failed:
        own.write_note(b"20 boot\n")
    assert failed.value.code == "storage_error"
    assert own.read_note() in (b"", b"19 boot\n")
    own.close()


def test_that_nobody_can_say_who_has_the_lock_hinders_no_writer(tmp_path: Path) -> None:
    """What `lock` holds is for people (format 8.5, 8.8); what `records.lock` holds can be found out again."""

    class NoNotes(QuickSystem):
        def pwrite(self, fd: int, data: bytes, offset: int) -> int:
            raise OSError(errno.ENOSPC, "full")

    with Store.create(tmp_path, actor="alice", disk=QuickDisk(NoNotes())) as store:
        assert shop.order(store) == "WO-1"
        assert store.notices[0].startswith("record files are behind the ledger: cannot write")
    with Store.open(tmp_path, actor="bob") as store:
        assert shop.order(store) == "WO-2"
        assert shop.classes(store) == set()


def test_who_has_a_removed_file_open_goes_over_to_the_new_one(path: Path) -> None:
    old, new = Lock(path, 0.05), Lock(path, 0.05)
    old.acquire()
    old.release()
    path.unlink()
    new.acquire()
    with pytest.raises(LockTimeout):
        old.acquire()
    new.close()
    old.acquire()
    old.close()


def test_the_platform_has_flock(path: Path) -> None:
    assert type(lock(path, 1)) is Lock


def test_a_writer_that_waits_too_long_gives_up_and_can_try_again(tmp_path: Path) -> None:
    with Store.create(tmp_path, actor="alice", wait=0.2) as store:
        shop.order(store)
        with held_by_another_process(tmp_path / ".tcps" / "lock"):
            with pytest.raises(LockTimeout) as late:
                shop.order(store)
            assert "pid of the test" in late.value.message
            assert len(store.list_work_orders()) == 1
        assert shop.order(store) == "WO-2"
