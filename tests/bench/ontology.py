"""The ontology beside plain Oxigraph and plain rdflib: the same statements, the same questions."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from tcps.ontology import canned, vocabulary
from tcps.ontology.terms import PREFIXES
from tcps.store import Store
from tcps.store.canned import slots
from tcps.store.graph import Graph, exported, statements
from tests.bench import load, stores
from tests.bench.measure import Sample, fresh, isolated
from tests.bench.report import Aim, Section, Table, ms, times

FREE = {
    "a join": """SELECT ?t (COUNT(?r) AS ?n) {
        ?o tcps:title ?t . ?s tcps:workOrder ?o ; a tcps:Sku . ?r a tcps:Receipt ; tcps:sku ?s
    } GROUP BY ?t ORDER BY DESC(?n) ?t LIMIT 10""",
    "an aggregate": """SELECT ?stage (AVG(?ms) AS ?mean) {
        ?r a tcps:Receipt ; tcps:stage ?stage ; tcps:durationMs ?ms
    } GROUP BY ?stage""",
    "a path": """SELECT (COUNT(?r) AS ?n) {
        ?s tcps:skuId 'SKU-7' ; tcps:latestReceipt/tcps:previousReceipt* ?r
    }""",
    "a path over every chain": """SELECT (COUNT(?r) AS ?n) {
        ?s tcps:latestReceipt/tcps:previousReceipt* ?r
    }""",
}
PARAMS = {
    "receipts-by-stage": {"stage": "compilation"},
    "quality-metrics": {"from": "2026-01-01", "to": "2100-01-01"},
    "audit-trail": {"sku": "SKU-7"},
    "chain": {"sku": "SKU-7"},
    "gate-history": {"sku": "SKU-7"},
}


class Size(NamedTuple):
    """How many receipts the store has, and how often each case is measured."""

    receipts: int = 100_000
    rounds: int = 3


QUICK = Size(receipts=1000, rounds=2)
_PATIENCE = 60
"""After so many seconds rdflib is asked no further."""


def section(folder: Path, quick: bool, size: Size | None = None) -> Section:
    """Measure everything in `folder`."""
    size = size or (QUICK if quick else Size())
    place = fresh(folder)
    stores.large(place, size.receipts)
    _demand(place, size.receipts // 100)
    built: dict[str, Any] = {
        name: isolated(work, place, folder)
        for name, work in (("tcps", _ours), ("Oxigraph", _oxigraph), ("rdflib", _rdflib))
    }
    asked = {name: isolated(work, place, folder, size.rounds).value for name, work in _ASKED.items()}
    whole = _processes(place, size.rounds)
    return _section(size, built, asked, whole)


def _demand(place: Path, count: int) -> None:
    """So many queued orders, and as many Andons, half of them resolved."""
    with Store.open(place, actor="bench") as store, store.batch():
        for order in load.demands(count):
            store.store_work_order(order)
        for number in range(1, count + 1):
            sku = f"SKU-{number}"
            andon = store.store_andon_event(
                {"sku_id": sku, "stage": "testing", "failure_type": "test_failure", "severity": "high"}
            )
            if number % 2:
                store.production.resolve_andon(
                    andon.id, root_cause="it filled", fix="room", prevention="alarm"
                )


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _sampled(work: Callable[[], object], rounds: int) -> Sample:
    return Sample(_timed(work) for _ in range(rounds))


def _ours(place: Path, folder: Path) -> dict[str, float]:
    with Store.open(place, actor="bench") as store:
        graph = Graph(store.engine, "oxigraph")
        with store.view() as view:
            text = _timed(lambda: [None for _ in statements(view)])
        rebuild = _timed(graph.rebuild)
        store.store_work_order({"title": "one more"})
        one = _timed(lambda: graph.ask("ASK {}"))
        export = _timed(lambda: exported(store.engine))
        return {"statements": text, "rebuild": rebuild, "one record": one, "export": export}


def _lines(place: Path) -> str:
    with Store.open(place, actor="bench") as store:
        return exported(store.engine)


def _oxigraph(place: Path, folder: Path) -> dict[str, float]:
    """From the ledger too: the records are read and written as lines, then loaded to disk."""
    import pyoxigraph as ox

    target = fresh(folder) / "plain"

    def build() -> None:
        store = ox.Store(target)
        store.bulk_load(_lines(place).encode(), format=ox.RdfFormat.N_TRIPLES)
        store.bulk_load(vocabulary.source(), format=ox.RdfFormat.TURTLE)
        store.flush()

    taken = _timed(build)
    store = ox.Store.read_only(str(target))
    export = _timed(lambda: store.dump(format=ox.RdfFormat.N_TRIPLES, from_graph=ox.DefaultGraph()))
    return {"rebuild": taken, "export": export}


def _rdflib(place: Path, folder: Path) -> dict[str, float]:
    import rdflib

    graph = rdflib.Graph()

    def build() -> None:
        graph.parse(data=_lines(place), format="nt")
        graph.parse(data=vocabulary.source(), format="turtle")

    return {"rebuild": _timed(build), "export": _timed(lambda: graph.serialize(format="nt"))}


def _questions(place: Path) -> dict[str, str]:
    """Every canned query and the free ones, as plain SPARQL."""
    from tcps.ontology.binding import bound

    with Store.open(place, actor="bench") as store:
        now = store.engine.clock()
        queries = [canned.get(name) for name in canned.names()]
        given = {q.name: q.bindings(q.values(PARAMS.get(q.name, {}), now), store.store_id) for q in queries}
        with store.view() as view:
            given["levelled-schedule"] = {"slots": slots(view)}
    return {q.name: bound(q.text, given[q.name]) for q in queries} | FREE


def _ask_ours(place: Path, folder: Path, rounds: int) -> dict[str, Sample]:
    with Store.open(place, actor="bench") as store:
        graph = Graph(store.engine, "oxigraph")
        graph.ask("ASK {}")
        asks = {name: partial(store.canned_query, name, PARAMS.get(name)) for name in canned.names()}
        asks |= {name: partial(graph.ask, text) for name, text in FREE.items()}
        return {name: _sampled(ask, rounds) for name, ask in asks.items()}


def _ask_oxigraph(place: Path, folder: Path, rounds: int) -> dict[str, Sample]:
    import pyoxigraph as ox

    with Store.open(place, actor="bench") as store, Graph(store.engine, "oxigraph").at_head() as kept:
        plain = ox.Store.read_only(str(kept))

        def ask(text: str) -> None:
            found = plain.query(text, prefixes=PREFIXES)
            assert isinstance(found, ox.QuerySolutions)
            found.serialize(format=ox.QueryResultsFormat.JSON)

        return {name: _sampled(partial(ask, text), rounds) for name, text in _questions(place).items()}


def _ask_rdflib(place: Path, folder: Path, rounds: int) -> dict[str, Sample]:
    import rdflib

    graph = rdflib.Graph().parse(data=_lines(place), format="nt")
    graph.parse(data=vocabulary.source(), format="turtle")

    def ask(text: str) -> None:
        graph.query(text, initNs=PREFIXES).serialize(format="json")

    return {name: _cut_off(partial(ask, text)) for name, text in _questions(place).items()}


def _cut_off(work: Callable[[], object]) -> Sample:
    """The work once, and not for longer than there is patience."""

    def end(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, end)
    start = time.perf_counter()
    signal.alarm(_PATIENCE)
    with contextlib.suppress(TimeoutError):
        work()
    signal.alarm(0)
    return Sample([time.perf_counter() - start])


_ASKED = {"tcps": _ask_ours, "Oxigraph": _ask_oxigraph, "rdflib": _ask_rdflib}


def _processes(place: Path, rounds: int) -> dict[str, Sample]:
    """Whole processes: the command, and a script that opens the same folder with Oxigraph."""
    tcps = [sys.executable, "-m", "tcps", "--store", str(place)]
    with Store.open(place, actor="bench") as store, Graph(store.engine, "oxigraph").at_head() as kept:
        opening = f"import pyoxigraph as ox; store = ox.Store.read_only({str(kept)!r})"
        script = f"{opening}; print(list(store.query({FREE['a path']!r}, prefixes={PREFIXES!r})))"
    cases = {
        "tcps: a canned query": [*tcps, "query", "--canned", "chain", "--param", "sku=SKU-7"],
        "tcps: a free query": [*tcps, "query", FREE["a path"]],
        "a script with Oxigraph": [sys.executable, "-c", script],
        "python -c pass": [sys.executable, "-c", "pass"],
    }
    return {name: _sampled(partial(_run, command), max(rounds, 5)) for name, command in cases.items()}


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _section(
    size: Size, built: dict[str, Any], asked: dict[str, dict[str, Sample]], whole: dict[str, Sample]
) -> Section:
    text = (
        f"A store of {size.receipts:,} receipts. Everybody begins with the ledger and ends with all "
        "statements on disk (rdflib: in memory). Questions are asked in one process; tcps opens the graph "
        "for each, and answers free ones in a process of their own; canned ones it answers from the index "
        f"where it can. rdflib answers once, and is cut off after {_PATIENCE} seconds, the others "
        f"{size.rounds} times; peaks are of the process that built."
    )
    names = ("statements", "rebuild", "one record", "export")
    making = Table(
        ("", *names, "peak"),
        [
            (
                who,
                *(ms(made.value[name]) if name in made.value else "" for name in names),
                f"{made.peak_kib // 1024} MiB",
            )
            for who, made in built.items()
        ],
        "Making",
    )
    questions = Table(
        ("question", *asked, "rdflib / tcps", "tcps − Oxigraph"),
        [
            (
                name,
                *(ms(asked[who][name].best) for who in asked),
                times(asked["rdflib"][name].best / asked["tcps"][name].best),
                ms(asked["tcps"][name].best - asked["Oxigraph"][name].best),
            )
            for name in asked["tcps"]
        ],
        "Asking",
    )
    processes = Table(
        ("process", "median", "fastest"),
        [(n, ms(s.median), ms(s.best)) for n, s in whole.items()],
        "Fresh processes",
    )
    figures = {
        "receipts": size.receipts,
        "built": {who: made.value | {"peak_kib": made.peak_kib} for who, made in built.items()},
        "asked": {who: {name: s.as_json() for name, s in own.items()} for who, own in asked.items()},
        "processes": {name: sample.as_json() for name, sample in whole.items()},
    }
    ours, plain, rdflib = (built[who].value["rebuild"] for who in ("tcps", "Oxigraph", "rdflib"))
    aims = [
        Aim("a rebuild of the graph, to rdflib's", 0.25, ours / rdflib, "times"),
        Aim("a rebuild of the graph, to Oxigraph's", 1.5, ours / plain, "times"),
        Aim("a canned query in a fresh process", 80, whole["tcps: a canned query"].best * 1000, "ms"),
        Aim("a free query in a fresh process", 120, whole["tcps: a free query"].best * 1000, "ms"),
    ]
    aims += [aim for kind, names in _KINDS.items() for aim in _worst(kind, names, asked)]
    return Section("ontology", "The ontology", text, [making, questions, processes], figures, aims)


_KINDS = {"canned": canned.names(), "free": list(FREE)}


def _worst(kind: str, names: list[str], asked: dict[str, dict[str, Sample]]) -> list[Aim]:
    """Of some questions, the one that is answered worst beside the others."""
    aims = []
    for peer, wanted in (("rdflib", 1 / 9), ("Oxigraph", 1.3)):
        ratios = {name: asked["tcps"][name].best / asked[peer][name].best for name in names}
        name = max(ratios, key=lambda one: ratios[one])
        aims.append(Aim(f"the worst {kind} query ({name}), to {peer}'s", wanted, ratios[name], "times"))
    return aims
