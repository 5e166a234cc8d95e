"""Readers wait for nobody, and what they see is one moment."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tcps.store import Store
from tests.store import shop
from tests.store.faults import QuickDisk, Watched


class Pausing(Watched):
    """Stops at the first call of one name on a path of one kind, until `meanwhile` is done."""

    def __init__(self, name: str, part: str, meanwhile: Callable[[], object]) -> None:
        self.name, self.part, self.meanwhile = name, part, meanwhile
        self.paths: dict[int, str] = {}
        self.armed = False

    def reached(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        result = call(*arguments)
        if name == "open":
            self.paths[result] = str(arguments[0])
        if not self.armed or name != self.name:
            return result
        where = arguments[1] if name == "rename" else self.paths[arguments[0]]
        if self.part in str(where):
            self.armed = False
            self.meanwhile()
        return result


MOMENTS = {
    "between ledger and index": ("write", ".jsonl"),
    "while it syncs": ("datasync", ".jsonl"),
    "while it writes record files": ("rename", "records/"),
}


@pytest.mark.parametrize("with_index", [True, False], ids=["index kept", "index gone"])
@pytest.mark.parametrize("moment", ["in its transaction", *MOMENTS])
def test_a_writer_that_stands_still_holds_up_no_reader(tmp_path: Path, moment: str, with_index: bool) -> None:
    """It goes on only after two readers have answered, who would wait for a lock for ever."""
    seen: list[list[str]] = []

    def readers() -> None:
        if not with_index:
            shop.remove_index(tmp_path)
        seen.extend(shop.results([shop.process("glance", tmp_path) for _ in range(2)]))

    system = Pausing(*MOMENTS.get(moment, ("", "")), readers)
    with Store.create(tmp_path, actor="alice", disk=QuickDisk(system)) as store:
        shop.order(store)
        system.armed = True
        with store.transaction():
            shop.order(store)
            if moment == "in its transaction":
                readers()
        assert store.notices == []
        assert [order.id for order in store.list_work_orders()] == ["WO-1", "WO-2"]
        assert shop.classes(store) == set()
    may_be_seen = [["WO-1"]] if moment == "in its transaction" else [["WO-1"], ["WO-1", "WO-2"]]
    assert len(seen) == 2
    assert all(ids in may_be_seen for ids in seen)


def test_a_reader_beside_a_writer_that_stands_still_copies_the_index(tmp_path: Path) -> None:
    """It does not fold the whole ledger again: what the index has is not read."""
    seen: list[int] = []

    def reader() -> None:
        with Store.open(tmp_path, actor="bob") as other:
            segment = shop.segments(tmp_path)[0]
            content = segment.read_bytes()
            segment.write_bytes(b"{" * 40 + content[40:])  # the beginning cannot be folded any more
            seen.append(len(other.list_work_orders()))
            segment.write_bytes(content)

    system = Pausing("write", ".jsonl", reader)
    with Store.create(tmp_path, actor="alice", disk=QuickDisk(system)) as store:
        shop.order(store)
        shop.order(store)
        system.armed = True
        shop.order(store)
    assert seen == [3]


@contextmanager
def looking(folder: Path, count: int) -> Iterator[Callable[[], list[int]]]:
    """Processes that keep a view open; the call gives how many orders each of them sees."""
    running = [shop.process("look", folder) for _ in range(count)]

    def look(process: subprocess.Popen[str]) -> int:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("look\n")
        process.stdin.flush()
        return int(process.stdout.readline())

    yield lambda: [look(process) for process in running]
    for process in running:
        process.communicate(timeout=60)
        assert process.returncode == 0


def test_open_views_hold_up_nobody_and_do_not_change(tmp_path: Path) -> None:
    with Store.create(tmp_path, actor="alice") as store:
        shop.order(store)
        with looking(tmp_path, 2) as old:
            assert old() == [1, 1]
            shop.order(store)
            store.checkpoint()
            with looking(tmp_path, 2) as newer:
                assert newer() == [2, 2]
                shop.order(store)
                assert len(store.list_work_orders()) == 3
                assert shop.classes(store) == set()
                assert (old(), newer()) == ([1, 1], [2, 2])


def test_what_one_transaction_changes_is_seen_together(tmp_path: Path) -> None:
    with Store.create(tmp_path, actor="alice") as store:
        shop.order(store, "before")
        shop.order(store, "before")
        writer = shop.process("move", tmp_path)
        seen: set[str] = set()
        try:
            while len(seen) < 30:
                assert writer.poll() is None
                with store.view() as view:
                    one, other = store.list_work_orders()
                    assert one.title == other.title
                    assert one.revision == other.revision
                    assert view.counts("work_order", "status") == {"queued": 2}
                seen.add(one.title)
        finally:
            writer.kill()
            writer.communicate()


def test_a_list_beside_eight_writers_is_a_prefix_of_what_they_do(tmp_path: Path) -> None:
    """As a user sees it: each document is whole, and shows the first so many orders, in order."""
    with Store.create(tmp_path, actor="alice") as store:
        shop.sku(store)
    writers = [shop.process("endless", tmp_path, tmp_path / f"{n}.log", n) for n in range(8)]
    sizes: list[int] = []
    try:
        while len(sizes) < 4 or sizes[-1] < 40:
            assert [writer.poll() for writer in writers] == [None] * 8
            ids = [order["work_order_id"] for order in listed(tmp_path, "work-order", "list", "--all")]
            assert ids == [f"WO-{n}" for n in range(1, len(ids) + 1)]
            sizes.append(len(ids))
            assert sum(listed(tmp_path, "stats")["work_orders"].values()) >= len(ids)
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()
    assert sizes == sorted(sizes)


def listed(folder: Path, *arguments: str) -> Any:
    """What a command prints as JSON, and nothing on stderr."""
    command = [sys.executable, "-m", "tcps", *arguments, "--json", "--store", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)
