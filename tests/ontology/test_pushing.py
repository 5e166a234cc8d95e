"""Pushing to real servers, which then give the same answers; and to ones that fail."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tcps.errors import InvalidInput, TcpsError
from tcps.model import Stage
from tcps.ontology.answers import Answer
from tcps.ontology.limits import Limits
from tcps.ontology.remote import Server, server
from tcps.store import Store
from tests.conftest import DEEP
from tests.ontology import servers
from tests.ontology.scenes import small
from tests.ontology.servers import GRAPH, Running
from tests.ontology.test_generations import STEPS
from tests.rules import line
from tests.store import shop

QUESTIONS = (
    "SELECT ?id ?t { ?o a tcps:WorkOrder ; tcps:workOrderId ?id ; tcps:title ?t } ORDER BY ?id",
    "SELECT ?s (COUNT(?r) AS ?n) { ?r a tcps:Receipt ; tcps:skuId ?s } GROUP BY ?s ORDER BY ?s",
    "SELECT ?id { ?sku tcps:skuId 'SKU-1' ; tcps:latestReceipt/tcps:previousReceipt* ?r . "
    "?r tcps:receiptId ?id } ORDER BY ?id",
    "ASK { ?a a tcps:AndonEvent ; tcps:status tcps:AndonStatus-resolved }",
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with small(tmp_path) as store:
        yield store


@pytest.fixture(params=["oxigraph", "virtuoso"])
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    with getattr(servers, request.param)(tmp_path / "server") as running:
        yield running


def there(running: Server, question: str) -> Answer:
    """The answer of the server, from our graph in it."""
    if running.graph is not None:
        question = question.replace("{", f"{{ GRAPH <{GRAPH}> {{", 1)
        head, _, tail = question.rpartition("}")
        question = f"{head}}} }}{tail}"
    return running.ask(question, Limits())


def assert_same(store: Store, running: Server) -> None:
    for question in QUESTIONS:
        here, answered = store.query_ontology(question), there(running, question)
        assert (answered.values(), answered.truth) == (here.values(), here.truth)


def count(running: Server) -> int:
    n = there(running, 'SELECT (COUNT(*) AS ?n) { ?s ?p ?o FILTER(STRSTARTS(STR(?s), "urn:tcps:")) }')
    return int(n.values()[0]["n"])


def test_a_server_is_brought_to_the_head_and_answers_the_same(store: Store, running: Running) -> None:
    first = store.push_ontology(running.there)
    assert (first.since, first.requests) == (0, 1)
    assert_same(store, running.there)
    assert count(running.there) == store.graph_content().statements + 1
    nothing = store.push_ontology(running.there)
    assert (nothing.since, nothing.sequence, nothing.requests) == (first.sequence, first.sequence, 0)
    for step in STEPS:
        step(store)
    some = store.push_ontology(running.there)
    assert (some.since, some.requests) == (first.sequence, 1)
    assert_same(store, running.there)
    assert store.push_ontology(running.there, full=True).since == 0
    assert count(running.there) == store.graph_content().statements + 1


def test_hostile_texts_arrive_as_they_are(store: Store, running: Running) -> None:
    store.push_ontology(running.there)
    title = 'x" . } ; DROP ALL # \\ <a:> é 𝄞'
    line.order(store, title, description="line\nbreak\ttab")
    store.push_ontology(running.there)
    found = there(running.there, "SELECT ?t { ?o tcps:title ?t } ORDER BY ?t").values()
    assert title in [row["t"] for row in found]


def test_a_server_that_is_killed_goes_on_from_what_it_has(store: Store, tmp_path: Path) -> None:
    port, folder = servers.free_port(), tmp_path / "server"
    with servers.oxigraph(folder, port) as running:
        first = store.push_ontology(running.there)
        line.run(store, "SKU-2", Stage.COMPILATION)
        running.process.kill()
        running.process.wait()
        with pytest.raises(TcpsError) as caught:
            store.push_ontology(running.there)
        assert caught.value.code == "endpoint_error"
    with servers.oxigraph(folder, port) as running:
        again = store.push_ontology(running.there)
        assert again.since in (0, first.sequence)
        assert_same(store, running.there)
    with servers.oxigraph(tmp_path / "another", port) as running:
        assert store.push_ontology(running.there).since == 0
        assert_same(store, running.there)


_CHANCE = Random(11)
CUTS = (
    *((False, 700_000), (True, 400_000)),
    *((full, _CHANCE.randrange(10_000, 780_000)) for full in (False, True) * (9 if DEEP else 0)),
)
"""Whether the whole graph is pushed, and after how many bytes the server is killed."""


@pytest.mark.parametrize("name", ["oxigraph", "virtuoso"])
def test_a_push_goes_on_after_the_server_was_killed_in_the_middle_of_it(
    store: Store, tmp_path: Path, name: str
) -> None:
    start = getattr(servers, name)
    for full, after in CUTS if DEEP or name == "oxigraph" else CUTS[:1]:
        with start(tmp_path / "server") as running:
            store.push_ontology(running.there)
            with store.batch():
                for number in range(250):
                    shop.order(store, f"order {number}")
            cutting = servers.Cutting(running, after)
            with cutting, pytest.raises(TcpsError) as caught:
                store.push_ontology(cutting.there, full=full)
            assert caught.value.code == "endpoint_error"
            running.process.wait()
        with start(tmp_path / "server") as running:
            store.push_ontology(running.there)
            assert_same(store, running.there)
            assert count(running.there) == store.graph_content().statements + 1


def test_a_server_with_another_store_gets_the_whole_graph(store: Store, tmp_path: Path) -> None:
    with servers.oxigraph(tmp_path / "server") as running:
        store.push_ontology(running.there)
        with small(tmp_path / "other") as other:
            assert other.push_ontology(running.there).since == 0
            assert_same(other, running.there)


class Failing(http.server.BaseHTTPRequestHandler):
    """Answers with what it is told, and counts."""

    answers: tuple[int, ...] = ()
    seen: tuple[str, ...] = ()

    def do_POST(self) -> None:
        kind = type(self)
        self.rfile.read(int(self.headers["Content-Length"]))
        kind.seen += (self.headers.get("Authorization", ""),)
        code = kind.answers[min(len(kind.seen), len(kind.answers)) - 1]
        self.send_response(code)
        if code == 302:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        body = b'{"head": {}, "boolean": true}' if code == 200 else b"no"
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.mark.parametrize(
    ("answers", "tries", "works"),
    [
        ((503, 503, 200), 3, True),
        ((503,), 4, False),
        ((400,), 1, False),
        ((302,), 1, False),
        ((404,), 1, False),
    ],
)
def test_what_may_pass_is_tried_again_and_nothing_else(
    answers: tuple[int, ...], tries: int, works: bool
) -> None:
    kind = type("Told", (Failing,), {"answers": answers, "seen": ()})
    with http.server.HTTPServer(("127.0.0.1", 0), kind) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{listening.server_port}/"
        pauses: list[float] = []
        one = Server(url, url, url, login=("alice", "secret"), pause=pauses.append)
        try:
            if works:
                assert one.ask("ASK {}", Limits()).truth is True
            else:
                with pytest.raises(TcpsError) as caught:
                    one.ask("ASK {}", Limits())
                assert (caught.value.code, "secret" in caught.value.message) == ("endpoint_error", False)
        finally:
            listening.shutdown()
            thread.join()
        assert (len(kind.seen), len(pauses)) == (tries, tries - 1)  # type: ignore[attr-defined]
        assert set(kind.seen) == {""}  # type: ignore[attr-defined]  # no password before it is asked for


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://x/store", "http:///store", "http://a:b@x/store"]
)
def test_what_is_no_server_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        server(url, None, None, None)


def test_a_question_for_a_server_is_looked_at_too() -> None:
    url = "http://127.0.0.1:1/"
    with pytest.raises(InvalidInput, match="SERVICE"):
        Server(url, url, url).ask("SELECT * { SERVICE <http://127.0.0.1:2/> { ?s ?p ?o } }", Limits())
