"""The store of the tests of the rules: a real one, on a disk that nobody waits for."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tcps.store import Store
from tests.conftest import FixedClock
from tests.rules.line import Unhurried


@pytest.fixture
def store(tmp_path: Path, clock: FixedClock) -> Iterator[Store]:
    with Store.create(tmp_path, actor="alice", clock=clock, disk=Unhurried()) as store:
        yield store


@pytest.fixture
def opened(tmp_path: Path, clock: FixedClock) -> Callable[[], Store]:
    """Open the store of `store` once more, as another process would."""
    return lambda: Store.open(tmp_path, actor="bob", clock=clock, disk=Unhurried())
