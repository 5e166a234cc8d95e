"""What tests share: a clock that stands still until told, and a store on it."""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tcps.model import Timestamp, from_ms, to_ms
from tcps.store import Store

DEEP = os.environ.get("TCPS_DEEP") == "1"
"""Whether this is the deep run (docs/testing.md)."""
MEMORY = Path("/dev/shm")
"""A folder in memory, where the system has one."""
START = Timestamp("2026-01-20T10:00:00.000Z")


class FixedClock:
    """A clock that tells the same moment until it is moved."""

    def __init__(self, now: Timestamp = START) -> None:
        self.now = now

    def __call__(self) -> Timestamp:
        return self.now

    def forward(self, *, hours: float = 0, seconds: float = 0, ms: int = 0) -> None:
        """Move on (or back, with negative amounts)."""
        self.now = from_ms(to_ms(self.now) + round(hours * 3_600_000 + seconds * 1000) + ms)


def pytest_configure() -> None:
    """Heed signals that nohup or a shell's `&` has ignored: what a test starts would ignore them too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what belongs to the deep run only."""
    for item in items:
        if item.get_closest_marker("deep") and not DEEP:
            item.add_marker(pytest.mark.skip(reason="TCPS_DEEP=1 runs it"))


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def store(tmp_path: Path, clock: FixedClock) -> Iterator[Store]:
    with Store.create(tmp_path, actor="alice", clock=clock) as store:
        yield store


@pytest.fixture
def opened(tmp_path: Path, clock: FixedClock) -> Callable[[], Store]:
    """Open the store of `store` once more, as another process would."""
    return lambda: Store.open(tmp_path, actor="bob", clock=clock)


@pytest.fixture
def quick_path(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where the system has such a thing: a sync costs nothing there."""
    if not MEMORY.is_dir():
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(dir=MEMORY))
    yield folder
    shutil.rmtree(folder)
