"""Signals end a command with 128 and their number, at any moment, and nothing is torn (interface 2.5).

The deep run takes every call to the system of every command, the gate a few of each; `-s` shows how many.
"""

import contextlib
import importlib
import itertools
import mmap
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tcps.files import Disk
from tcps.store import Store
from tests.cli.conftest import Tcps, process
from tests.cli.every import READS, SETUP, WRITES
from tests.conftest import DEEP
from tests.store import shop
from tests.store.faults import Watched, in_child, places

SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
COMMANDS = WRITES | READS
_turns = itertools.cycle(SIGNALS)


class Signalling(Watched):
    """Sends a signal to its own process after call `at`."""

    def __init__(self, at: int, number: int) -> None:
        self.at = at
        self.number = number
        self._shared = mmap.mmap(-1, 8)

    @property
    def count(self) -> int:
        """How many calls there were, in whichever process."""
        return int.from_bytes(self._shared[:], "big")

    def reached(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        result = call(*arguments)
        self._shared[:] = (self.count + 1).to_bytes(8, "big")
        if self.count == self.at:
            os.kill(os.getpid(), self.number)
        return result


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store to copy."""
    folder = tmp_path_factory.mktemp("model")
    for words in SETUP:
        assert process(folder, *words).code == 0
    return folder


@pytest.fixture
def place(model: Path, quick_path: Path) -> Path:
    """A folder with the store to copy, in `model`."""
    shutil.copytree(model, quick_path / "model")
    return quick_path


def command(folder: Path, arguments: tuple[str, ...], system: Watched) -> None:
    """tcps as a process of its own would run it, its streams in two files; does not come back."""
    os.chdir(folder)
    for fd, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(f"../{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), fd)
        setattr(sys, name, os.fdopen(fd, "w", closefd=False))
    sys.argv = ["tcps", *arguments]
    Disk.system = system
    importlib.import_module("tcps.__main__").main()


def copied(place: Path, name: str) -> Path:
    folder = place / "copy"
    for old in (folder, Path(os.environ["XDG_CONFIG_HOME"])):  # the second: what verifications have seen
        shutil.rmtree(old, ignore_errors=True)
    shutil.copytree(place / "model", folder)
    if name == "repair":
        (folder / ".tcps/records/work_orders/0000/WO-1.json").write_bytes(b"damaged")
    return folder


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("name", COMMANDS)
def test_a_signal_at_any_call_ends_the_command_and_tears_nothing(place: Path, name: str) -> None:
    arguments, counting = COMMANDS[name], Signalling(0, 0)
    assert in_child(partial(command, copied(place, name), arguments, counting)) == 0
    chosen = places(counting.count, few=2)
    each = itertools.product(chosen, SIGNALS) if DEEP else zip(chosen, _turns, strict=False)
    for at, number in each:
        folder = copied(place, name)
        before = shop.contents(folder)
        status = in_child(partial(command, folder, arguments, Signalling(at, number)))
        assert os.waitstatus_to_exitcode(status) == SIGNALS[number], (at, number)
        assert [(place / stream).read_bytes() for stream in ("stdout", "stderr")] == [b"", b""]
        whole(folder, before)
        if name == "init":
            Store.create(folder / "another").close()
    print(f"\n{name}: signals at {len(chosen)} of {counting.count} places")


def whole(folder: Path, before: dict[str, bytes]) -> None:
    """The ledger says what it said; the store goes on, and is intact."""
    ledger = shop.segments(folder)[0]
    assert ledger.read_bytes().startswith(before[ledger.name])
    with Store.open(folder, actor="bob") as store:
        shop.order(store)
        store.repair()
        assert shop.classes(store) == set()
    assert shop.record_files(folder) == shop.files_by_ledger(folder)


@contextlib.contextmanager
def started(*arguments: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """tcps as a process of its own; `up` is its first line, when it can be signalled."""
    begin = "import tcps.__main__; print('up', flush=True); tcps.__main__.main()"
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(
        [sys.executable, "-c", begin, *arguments], text=True, **pipes, **options
    ) as running:
        try:
            assert running.stdout is not None
            assert running.stdout.readline() == "up\n"
            yield running
        finally:
            running.kill()


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_at_a_random_moment_shows_no_traceback(place: Path, number: signal.Signals) -> None:
    chance = random.Random(number)
    names = list(COMMANDS) * (10 if DEEP else 1)
    for name in chance.sample(names, 200 if DEEP else 3):
        folder = copied(place, name)
        before = shop.contents(folder)
        with started(*COMMANDS[name], cwd=folder) as running:
            time.sleep(chance.uniform(0.01, 0.3))
            running.send_signal(number)
            _, err = running.communicate(timeout=60)
            assert running.returncode in (0, SIGNALS[number])
            assert "Traceback" not in err
        whole(folder, before)


@pytest.mark.parametrize("number", SIGNALS)
def test_one_that_waits_for_the_lock_ends_at_once(tcps: Tcps, tmp_path: Path, number: signal.Signals) -> None:
    with Store.open(tmp_path, actor="slow") as store, store.transaction():
        lock = str(tmp_path / ".tcps/lock")
        with started("work-order", "create", "--title", "x", "--wait", "3600") as running:
            while not any(os.path.samefile(lock, fd) for fd in opened_by(running.pid)):
                assert running.poll() is None
            running.send_signal(number)
            assert running.communicate(timeout=60) == ("", "")
            assert running.returncode == SIGNALS[number]
    assert tcps("work-order", "create", "--title", "x").code == 0


def opened_by(pid: int) -> Iterator[str]:
    """The files that a process has open."""
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            if os.path.isfile(path := os.readlink(link)):
                yield path


@pytest.mark.parametrize("number", SIGNALS)
def test_following_the_log_ends_with_a_signal(tcps: Tcps, number: signal.Signals) -> None:
    tcps("work-order", "create", "--title", "x")
    with started("log", "--follow") as running:
        assert running.stdout is not None
        assert "WO-1" in running.stdout.readline()
        running.send_signal(number)
        assert running.communicate(timeout=60) == ("", "")
        assert running.returncode == SIGNALS[number]


def test_a_signal_that_was_to_be_ignored_is(tcps: Tcps) -> None:
    """As with nohup."""

    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with started("log", "--follow", preexec_fn=ignore) as running:
        running.send_signal(signal.SIGHUP)
        tcps("work-order", "create", "--title", "x")
        assert running.stdout is not None
        assert "WO-1" in running.stdout.readline()
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=60)
        assert running.returncode == 143


@pytest.mark.parametrize("number", SIGNALS)
def test_a_running_command_gets_the_signal_and_its_receipt(on_the_line: Tcps, number: signal.Signals) -> None:
    script = f"import signal, sys\nsignal.signal({int(number)}, lambda *_: sys.exit(9))\n"
    script += "print('ready', flush=True)\nwhile True: signal.pause()"
    stage = ("run", "--sku", "SKU-1", "--stage", "shacl", "--")
    with started(*stage, sys.executable, "-c", script, start_new_session=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        running.send_signal(number)
        running.communicate(timeout=60)
        assert running.returncode == 9
    assert on_the_line("receipt", "show", "RCPT-1", "--json").json["evidence"]["exit_code"] == 9


def test_a_command_of_a_run_ignores_what_the_run_was_to_ignore(on_the_line: Tcps) -> None:
    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    script = "import signal; print(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN)"
    stage = ("run", "--sku", "SKU-1", "--stage", "shacl", "--")
    with started(*stage, sys.executable, "-c", script, preexec_fn=ignore) as running:
        assert running.communicate(timeout=60)[0] == "True\n"
