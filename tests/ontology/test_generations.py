"""What is kept of a graph: at the ledger's head, and of no consequence when it is lost or wrong."""

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from tcps.errors import TcpsError
from tcps.model import Stage
from tcps.rules import order_updates, root_cause, work_orders
from tcps.store import Store
from tcps.store.graph import Content, exported
from tests.conftest import DEEP, FixedClock
from tests.ontology.scenes import small
from tests.ontology.work import COUNT
from tests.rules import line
from tests.store import shop

ENGINES = ("oxigraph", "rdflib")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with small(tmp_path) as store:
        yield store


def by_ledger(store: Store) -> Content:
    """What the graph must hold."""
    return Content.of(exported(store.engine).split("\n")[:-1])


def another(store: Store) -> Store:
    """The same store, opened by somebody else."""
    return Store.open(store.folder, actor="somebody else", clock=FixedClock(), disk=line.Unhurried())


def kept(store: Store, engine: str = "oxigraph") -> Path:
    """The folder that is named now."""
    graph = store.ontology(engine)
    pointer = graph.kept.current()
    assert pointer is not None
    return graph.kept.path(pointer.generation)


def _order_of_a_stranger(store: Store) -> None:
    with another(store) as other:
        shop.order(other, "from elsewhere")


def _deleted(store: Store) -> None:
    (found,) = [one for one in store.list_work_orders() if one.created_by == "somebody else"]
    line.act(store, work_orders.delete, found.id)


def _analysis(store: Store) -> None:
    line.act(store, root_cause.start, "ANDON-1", "it stopped")
    line.act(store, root_cause.add_why, "RCA-1", 1, "because")


STEPS: tuple[Callable[[Store], object], ...] = (
    lambda store: line.run(store, "SKU-2", Stage.COMPILATION),
    lambda store: line.resolve(store, "ANDON-1"),
    _order_of_a_stranger,
    lambda store: line.act(store, order_updates.update, "WO-3", {"labels": ["a", "b"]}, None),
    lambda store: line.act(store, order_updates.update, "WO-3", {"labels": ["b"]}, None),
    lambda store: line.setting(store, "wip_limits.cost", 3),
    lambda store: line.setting(store, "wip_limits.cost", 4),
    _analysis,
    _deleted,
    lambda store: line.bring(store, line.sku(store).id, Stage.TEST_EXECUTION),
)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_graph_that_is_brought_forward_is_the_one_that_is_made_anew(store: Store, engine: str) -> None:
    graph = store.ontology(engine)
    for step in STEPS:
        graph.content()
        before = kept(store, engine)
        step(store)
        assert graph.content() == by_ledger(store)
        assert kept(store, engine) != before
    assert graph.rebuild().same is True
    agents = graph.ask("SELECT ?n { ?a a tcps:Agent ; tcps:name ?n }").values()
    assert agents == [{"n": "alice"}]


def test_a_graph_at_the_head_is_used_as_it_is(store: Store) -> None:
    store.query_ontology(COUNT)
    before = kept(store)
    store.query_ontology(COUNT)
    assert kept(store) == before


def test_only_the_newest_and_the_one_before_are_kept(store: Store) -> None:
    for _ in range(4):
        shop.order(store)
        store.query_ontology(COUNT)
    folders = [path for path in kept(store).parent.iterdir() if path.is_dir()]
    assert len(folders) == 2


def _without(folder: Path) -> None:
    shutil.rmtree(folder)


def _without_pointer(folder: Path) -> None:
    (folder.parent / "current").unlink()


def _with_pointer(old: bytes, new: bytes) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        path = folder.parent / "current"
        content = path.read_bytes()
        assert old in content
        path.write_bytes(content.replace(old, new))

    return damage


def _garbled(folder: Path) -> None:
    for path in folder.iterdir():
        path.write_bytes(b"\x00" * path.stat().st_size)


def _cut_short(folder: Path) -> None:
    for path in folder.iterdir():
        os.truncate(path, path.stat().st_size // 2)


def _one_cut(folder: Path) -> None:
    path = max(folder.glob("*.sst"), key=lambda path: path.stat().st_size)
    content = path.read_bytes()
    path.unlink()  # the generation before has it too
    path.write_bytes(content[:-1])


def _one_bit(folder: Path) -> None:
    for path in folder.glob("*.sst"):
        content = bytearray(path.read_bytes())
        content[len(content) // 3] ^= 1
        path.unlink()
        path.write_bytes(content)


def _emptied(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def _all_gone(folder: Path) -> None:
    shutil.rmtree(folder.parent.parent)


def _a_file(folder: Path) -> None:
    shutil.rmtree(folder.parent.parent)
    folder.parent.parent.write_text("in the way")


def _files_for_folders(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("in the way")


DAMAGE: dict[str, Callable[[Path], None]] = {
    "folder gone": _without,
    "pointer gone": _without_pointer,
    "pointer garbled": _with_pointer(b'"seq"', b'"sex"'),
    "pointer cut": _with_pointer(b"}", b""),
    "pointer leads out": _with_pointer(b'"generation":"', b'"generation":"../'),
    "of another store": _with_pointer(b'"store_id":"', b'"store_id":"0'),
    "of another boot": _with_pointer(b'"boot":"', b'"boot":"0'),
    "of another line": _with_pointer(b'"leaf":"', b'"leaf":"0'),
    "of another program": _with_pointer(b'"projection":', b'"projection":9'),
    "of another vocabulary": _with_pointer(b'"vocabulary":"', b'"vocabulary":"0'),
    "ahead of the ledger": _with_pointer(b'"seq":', b'"seq":9'),
    "garbled": _garbled,
    "cut short": _cut_short,
    "one byte less": _one_cut,
    "a bit in every table": _one_bit,
    "emptied": _emptied,
    "all gone": _all_gone,
    "a file in its place": _a_file,
    "files for folders": _files_for_folders,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("behind", [False, True], ids=["at the head", "behind"])
def test_what_was_kept_may_be_lost_or_wrong(
    store: Store, damage: Callable[[Path], None], behind: bool
) -> None:
    expected = store.query_ontology(COUNT).values()[0]["n"]
    damage(kept(store))
    if behind:
        shop.order(store)
    with another(store) as other:
        assert other.query_ontology(COUNT).values() == [{"n": expected + behind}]
        assert other.graph_content() == by_ledger(other)
        assert other.verify_integrity().intact or damage is _a_file


def test_a_rebuild_says_that_what_was_kept_is_another_graph(store: Store) -> None:
    import pyoxigraph as ox

    store.query_ontology(COUNT)
    assert store.rebuild_ontology().same is True
    forged = ox.Store(kept(store))
    forged.add(ox.Quad(ox.NamedNode("urn:tcps:x"), ox.NamedNode("a:p"), ox.Literal("forged")))
    forged.flush()
    del forged
    generations = store.ontology().kept
    pointer = generations.current()
    assert pointer is not None
    generations.publish(replace(pointer, files=generations.described(pointer.generation)))
    assert store.rebuild_ontology().same is False
    assert store.rebuild_ontology().same is True
    _without_pointer(kept(store))
    assert store.rebuild_ontology().same is None


def test_a_folder_that_cannot_be_written_to_costs_time_alone(store: Store) -> None:
    (store.folder / "ontology").write_text("in the way")
    assert store.query_ontology(COUNT).values() == [{"n": 2}]
    with pytest.raises(TcpsError) as caught:
        store.rebuild_ontology()
    assert caught.value.code == "storage_error"


@pytest.mark.parametrize("mode", ["rebuild", "forward"])
def test_after_a_kill_at_any_moment_answers_are_right(store: Store, mode: str) -> None:
    chance = random.Random(5)
    for _ in range(40 if DEEP else 4):
        command = [sys.executable, "-m", "tests.ontology.work", mode, str(store.folder)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(timeout=chance.uniform(0.3, 1.2))
            process.kill()
        with another(store) as other:
            orders = len(other.list_work_orders())
            assert other.query_ontology(COUNT).values() == [{"n": orders}]
            assert other.graph_content() == by_ledger(other)


def test_readers_beside_writers_see_every_acknowledged_order(store: Store) -> None:
    command = [sys.executable, "-m", "tests.ontology.work", "forward", str(store.folder)]
    before = 0
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(100 if DEEP else 10):
            told = int(process.stdout.readline())
            seen = store.query_ontology(COUNT).values()[0]["n"]
            assert seen >= told >= before
            before = told
        process.kill()


def test_the_library_gives_people_a_graph_of_rdflib(store: Store) -> None:
    graph = store.graph()
    lines = exported(store.engine, with_terms=True).count("\n")
    assert len(graph) == lines > store.graph_content().statements
    found = graph.query("SELECT ?id { ?o a tcps:WorkOrder ; tcps:workOrderId ?id } ORDER BY ?id")
    assert [str(row[0]) for row in found] == ["WO-1", "WO-2"]  # type: ignore[index]


def test_where_there_is_no_pyoxigraph_rdflib_answers_and_without_both_it_is_said(
    store: Store, tmp_path: Path
) -> None:
    packages = Path(next(place for place in sys.path if place.endswith("site-packages")))
    question = "SELECT ?t { ?o a tcps:WorkOrder ; tcps:title ?t } ORDER BY ?t"
    expected = store.query_ontology(question).values()
    for missing, code, says in (
        (("pyoxigraph",), 0, expected[0]["t"]),
        (("pyoxigraph", "rdflib"), 13, "no_engine"),
    ):
        place = tmp_path / "-".join(missing)
        place.mkdir()
        for path in packages.iterdir():
            if path.name.split(".")[0].split("-")[0] not in missing:
                (place / path.name).symlink_to(path)
        command = [
            sys.executable,
            "-S",
            "-m",
            "tcps",
            "--store",
            str(store.folder),
            "query",
            question,
            "--json",
        ]
        environment = {"PYTHONPATH": f"{ROOT}:{place}", "PATH": os.environ["PATH"]}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, says in done.stdout + done.stderr) == (code, True), done.stderr


def test_a_rebuild_and_a_judgement_tell_how_far_they_are(store: Store) -> None:
    told: list[tuple[str, int, int]] = []

    def tell(*news: object) -> None:
        told.append(news)  # type: ignore[arg-type]

    assert store.rebuild_ontology(progress=tell).same is None
    (records,) = {total for what, _, total in told if what == "records"}
    assert [done for what, done, _ in told if what == "records"][-1] == records
    with store.transaction("many"):
        for n in range(60):
            shop.order(store, f"order {n}")
    store.rebuild_ontology()
    told.clear()
    made = store.rebuild_ontology(progress=tell)
    assert made.same is True
    compared = [(done, total) for what, done, total in told if what == "comparison"]
    assert compared == [(1000, made.content.statements)]
    told.clear()
    store.validate_ontology(full=True, progress=tell)
    assert {what for what, _, _ in told} == {"records", "shapes"}
    assert [done for what, done, total in told if done == total][-1] == told[-1][2]


@pytest.mark.parametrize("behind", [False, True], ids=["at the head", "behind"])
def test_a_rebuild_of_what_cannot_be_read_says_that_nothing_usable_was_kept(
    store: Store, behind: bool
) -> None:
    store.query_ontology(COUNT)
    _garbled(kept(store))
    if behind:
        shop.order(store)
    assert store.rebuild_ontology().same is None
    assert store.graph_content() == by_ledger(store)
