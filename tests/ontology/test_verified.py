"""A verification reads every byte of a graph that is used, and whether it is of this ledger (format 10.6)."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tcps.errors import TcpsError
from tcps.store import Store
from tcps.verify import Report
from tests.ontology.scenes import small
from tests.ontology.test_generations import ENGINES, another, by_ledger, kept
from tests.ontology.work import COUNT
from tests.store import faults, shop


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with small(tmp_path) as store:
        yield store


def asked(store: Store, engine: str = "oxigraph") -> Path:
    """The folder of a graph that somebody has asked."""
    store.ontology(engine).content()
    return kept(store, engine)


def found(report: Report) -> list[tuple[str, str]]:
    return [(finding.class_, finding.path or "") for finding in report.findings]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_graph_that_is_as_it_was_written_is_no_finding(store: Store, engine: str) -> None:
    assert store.verify_integrity().graphs == 0
    asked(store, engine)
    for _ in range(2):
        report = store.verify_integrity()
        assert (report.findings, report.intact, report.graphs) == ([], True, 1)
        shop.order(store)
        asked(store, engine)


def _a_bit(folder: Path) -> str:
    """One bit of the largest file, which may have another name in the generation before."""
    path = max(
        (path for path in folder.iterdir() if path.name != "LOG"), key=lambda path: path.stat().st_size
    )
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()
    path.write_bytes(content)
    return path.name


def _a_byte_more(folder: Path) -> str:
    name = sorted(path.name for path in folder.iterdir() if not path.name.startswith("LO"))[-1]
    with open(folder / name, "ab") as file:
        file.write(b"\0")
    return name


def _a_file_gone(folder: Path) -> str:
    name = sorted(path.name for path in folder.iterdir() if not path.name.startswith("LO"))[0]
    (folder / name).unlink()
    return name


def _a_link(folder: Path) -> str:
    name = _a_file_gone(folder)
    (folder / name).symlink_to("/dev/null")
    return name


def _a_pipe(folder: Path) -> str:
    name = _a_file_gone(folder)
    os.mkfifo(folder / name)
    return name


def _a_folder(folder: Path) -> str:
    name = _a_file_gone(folder)
    (folder / name).mkdir()
    return name


def _a_stranger(folder: Path) -> str:
    (folder / "LOGS").write_text("not of RocksDB")
    return "LOGS"


def _all_gone(folder: Path) -> str:
    shutil.rmtree(folder)
    return ""


DAMAGE: dict[str, tuple[Callable[[Path], str], str]] = {
    "a bit": (_a_bit, "EDITED"),
    "a byte more": (_a_byte_more, "EDITED"),
    "a file gone": (_a_file_gone, "MISSING"),
    "a link": (_a_link, "UNREADABLE"),
    "a pipe": (_a_pipe, "UNREADABLE"),
    "a folder": (_a_folder, "UNREADABLE"),
    "a stranger": (_a_stranger, "EXTRA"),
    "all gone": (_all_gone, "MISSING"),
}


@pytest.mark.parametrize("name", DAMAGE)
@pytest.mark.parametrize("engine", ENGINES)
def test_damage_is_found_and_mended_by_a_rebuild_or_a_repair(store: Store, engine: str, name: str) -> None:
    damage, class_ = DAMAGE[name]
    for mend in ("rebuild", "repair"):
        folder = asked(store, engine)
        place = (folder / damage(folder)).relative_to(store.folder).as_posix()
        report = store.verify_integrity()
        assert (found(report), report.intact) == ([(class_, place)], False)
        assert "tcps ontology rebuild" in report.findings[0].message
        if mend == "rebuild":
            store.ontology(engine).rebuild()
        else:
            (step,) = store.repair()
            assert (step.path, step.action) == (f"ontology/{engine}", "forget")
            assert not (store.folder / "quarantine").exists()
        assert store.verify_integrity().findings == []
    assert store.ontology(engine).content() == by_ledger(store)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_dry_run_of_a_repair_forgets_nothing(store: Store, engine: str) -> None:
    folder = asked(store, engine)
    _a_stranger(folder)
    assert [step.action for step in store.repair(dry_run=True)] == ["forget"]
    assert not store.verify_integrity().intact


def test_a_sample_looks_at_names_and_lengths_all_the_same(store: Store) -> None:
    folder = asked(store)
    _a_byte_more(folder)
    _a_stranger(folder)
    assert [class_ for class_, _ in found(store.verify_integrity(sample=1e-9))] == ["EXTRA", "EDITED"]


POINTERS: dict[str, tuple[bytes, bytes, str | None]] = {
    "of another line": (b'"leaf":"', b'"leaf":"0', "FORKED"),
    "ahead of the ledger": (b'"seq":', b'"seq":9', "ROLLED_BACK"),
    "with another digest": (b'"sha256":"', b'"sha256":"0', "EDITED"),
    "of another store": (b'"store_id":"', b'"store_id":"0', None),
    "of another boot": (b'"boot":"', b'"boot":"0', None),
    "of another program": (b'"projection":', b'"projection":9', None),
    "of another vocabulary": (b'"vocabulary":"', b'"vocabulary":"0', None),
    "that says nothing": (b'"seq"', b'"sex"', None),
    "that leads out": (b'"generation":"', b'"generation":"../', None),
    "with a file elsewhere": (b'{"sha256"', b'{"a":1},"../../store.json":{"sha256"', None),
}


@pytest.mark.parametrize("name", POINTERS)
def test_a_graph_that_is_not_used_is_no_finding_and_one_of_another_ledger_is(store: Store, name: str) -> None:
    asked(store)
    path = store.folder / "ontology" / "oxigraph" / "current"
    old, new, class_ = POINTERS[name]
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))
    report = store.verify_integrity()
    assert {one for one, _ in found(report)} == ({class_} if class_ else set())
    store.repair()
    assert store.verify_integrity().intact
    assert store.graph_content() == by_ledger(store)


def test_a_graph_that_is_behind_the_ledger_is_no_finding(store: Store) -> None:
    asked(store)
    shop.order(store)
    assert store.verify_integrity().intact


def test_a_graph_that_is_replaced_while_it_is_verified_is_no_finding(store: Store) -> None:
    asked(store)
    seen: list[str] = []

    def progress(what: str, done: int, total: int) -> None:
        if what == "ledger" or (what, done) == ("graph", total):
            for _ in range(3):
                with another(store) as other:
                    shop.order(other)
                    asked(other)
        seen.append(what)

    before = kept(store)
    assert store.verify_integrity(progress=progress).findings == []
    assert "graph" in seen
    assert not before.exists()


class Failing(faults.QuickSystem):
    """Fails a sync of the ledger after somebody has read what it did not sync."""

    def __init__(self) -> None:
        self.reader: Callable[[], Any] | None = None

    def datasync(self, fd: int) -> None:
        if self.reader is not None:
            read, self.reader = self.reader, None
            read()
            raise OSError(5, "Input/output error")
        super().datasync(fd)


def test_a_graph_of_an_entry_that_was_taken_back_is_forgotten(tmp_path: Path) -> None:
    system = Failing()
    with Store.create(tmp_path, actor="alice", disk=faults.QuickDisk(system)) as store:
        shop.order(store)
        with another(store) as other:
            asked(other)
            system.reader = lambda: asked(other)
            with pytest.raises(TcpsError):
                shop.order(store, "taken back")
        assert store.ontology().kept.current() is None
        assert store.verify_integrity().intact
        shop.order(store, "in its place")
        assert store.verify_integrity().intact
        assert store.query_ontology(COUNT).values() == [{"n": 2}]


def test_a_salvage_forgets_the_graph_of_what_is_gone(store: Store) -> None:
    shop.order(store, "will be lost")
    asked(store)
    (segment,) = (store.folder / "ledger").glob("*.jsonl")
    segment.write_bytes(segment.read_bytes().replace(b"will be lost", b"will be LOST"))
    store.repair(salvage=True)
    assert store.ontology().kept.current() is None
    assert [path for _, path in found(store.verify_integrity()) if path.startswith("ontology")] == []


def test_a_changed_byte_that_rdflib_would_not_notice_is_noticed_when_it_is_asked(store: Store) -> None:
    title = "SELECT ?t { ?o tcps:title ?t } ORDER BY ?t LIMIT 1"
    graph = store.ontology("rdflib")
    expected = graph.ask(title).values()
    path = kept(store, "rdflib") / "graph.nt"
    told = expected[0]["t"].encode()
    content = path.read_bytes()
    path.write_bytes(content.replace(told, told[:-1] + b"X"))
    assert path.stat().st_size == len(content)
    assert path.read_bytes() != content
    assert graph.ask(title).values() == expected
    assert store.verify_integrity().intact


def test_a_rebuild_says_that_a_changed_byte_was_kept(store: Store) -> None:
    path = asked(store, "rdflib") / "graph.nt"
    path.write_bytes(path.read_bytes().replace(b'"alice"', b'"mally"'))
    assert store.ontology("rdflib").rebuild().same is False


def test_digests_are_those_of_the_generation_before_where_its_files_are_linked(store: Store) -> None:
    asked(store)
    before = store.ontology().kept.current()
    assert before is not None
    shop.order(store)
    folder = asked(store)
    now = store.ontology().kept.current()
    assert now is not None
    linked = {path.name for path in folder.iterdir() if path.stat().st_nlink > 1}
    assert linked
    assert {now.files[name] for name in linked} == {before.files[name] for name in linked}
    assert store.ontology().kept.is_whole(now)
