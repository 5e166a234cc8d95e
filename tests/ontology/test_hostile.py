"""Queries that want more than to read: each is refused or ended, and nothing goes out."""

import contextlib
import ctypes
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcps.errors import InvalidInput, TcpsError
from tcps.ontology import asking, guard
from tcps.ontology.limits import Limits
from tcps.store import Store
from tests.conftest import DEEP
from tests.ontology.scenes import small

ENGINES = ("oxigraph", "rdflib")
QUICK = Limits(seconds=20)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with small(tmp_path_factory.mktemp("hostile")) as store:
        yield store


class Watched:
    """A file of which the kernel tells who opens it (Linux)."""

    def __init__(self, path: Path) -> None:
        path.write_text("<a:s> <a:p> 'secret' .")
        libc = ctypes.CDLL(None, use_errno=True)
        self.path = path
        self._events = libc.inotify_init1(os.O_NONBLOCK)
        assert libc.inotify_add_watch(self._events, bytes(path), 0x20) >= 0  # IN_OPEN

    def opened(self) -> bool:
        """Whether anybody has opened it since it was asked before."""
        try:
            return os.read(self._events, 65536) != b""
        except BlockingIOError:
            return False

    def close(self) -> None:
        os.close(self._events)


class Listener:
    """A socket that notes who calls."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/"
        self._callers: list[int] = []
        self._called = threading.Condition()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, (_, port) = self.socket.accept()
                connection.close()
                with self._called:
                    self._callers.append(port)
                    self._called.notify_all()

    def calls(self) -> int:
        """How many have called; it calls itself, and who called before has then been noted."""
        with socket.create_connection(self.socket.getsockname()) as own, self._called:
            port = own.getsockname()[1]
            assert self._called.wait_for(lambda: port in self._callers, 10)
            return self._callers.index(port)

    def close(self) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self._thread.join()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


SERVICES = (
    "SELECT * { SERVICE <URL> { ?s ?p ?o } }",
    "SELECT * { service SILENT <URL> { ?s ?p ?o } }",
    "SELECT * { SERVICESILENT<URL>{ ?s ?p ?o } }",
    "PREFIX s: <URL> SELECT * { SERVICE s: { ?s ?p ?o } }",
    "PREFIX : <URL> SELECT * { SERVICE:s { ?s ?p ?o } }",
    "SELECT * { ?a ?b 1SERVICE<URL>{ ?s ?p ?o } }",
    "SELECT * { ?a ?b trueSERVICE<URL>{ ?s ?p ?o } }",
    "SELECT * { \\u0053ERVICE <URL> { ?s ?p ?o } }",
    "SELECT * { ?a ?b '\\u0027 . SERVICE <URL> { ?s ?p ?o } #' }",
    "SELECT * { ?a ?b ?c #\rSERVICE <URL> { ?s ?p ?o }\n}",
    "SELECT * { #\nSERVICE#\n<URL>#\n{ ?s ?p ?o } }",
    "PREFIX t: <a:> SELECT * { ?a t:\\#b ?c . SERVICE <URL> { ?s ?p ?o } }",
    "PREFIX t: <a:> SELECT * { ?a t:\\'b ?c . SERVICE <URL> { ?s ?p ?o } # ' \n}",
    "SELECT * { BIND(<URL> AS ?g) SERVICE ?g { ?s ?p ?o } }",
    "SELECT * { { SELECT * { OPTIONAL { SERVICE <URL> { ?s ?p ?o } } } } }",
    "ASK { FILTER EXISTS { SERVICE <URL> { ?s ?p ?o } } }",
    "CONSTRUCT { ?s ?p ?o } { SERVICE <URL> { ?s ?p ?o } }",
    'SELECT * { ?a ?b """x""" . SERVICE <URL> { ?s ?p ?o } . ?c ?d """y""" }',
    "BASE <URL> SELECT * { SeRvIcE <> { ?s ?p ?o } }",
    "SELECT * { \\U00000073ervice <URL> { ?s ?p ?o } }",
    "SELECT * { VALUES ?g { <URL> } ?a ?b ?c MINUS { SERVICE\u00a0?g { ?s ?p ?o } } }",
    "DESCRIBE ?s { SERVICE\f<URL>\v{ ?s ?p ?o } }",
    "SELECT (EXISTS { SERVICE <URL> { ?s ?p ?o } } AS ?x) {}",
    "SELECT * { ?a ?b 'x'@en-SERVICE <URL> { ?s ?p ?o } }",
    "SELECT * { ?a ?b 'x'^^<a:b>SERVICE<URL>{ ?s ?p ?o } }",
    "SELECT * FROM <URL> { ?s ?p ?o }",
    "SELECT * FROM NAMED <URL> { GRAPH ?g { ?s ?p ?o } }",
    "BASE <URL> ASK fRoM<>{ ?s ?p ?o }",
    "CONSTRUCT FROM#\n<URL> WHERE { ?s ?p ?o }",
    "DESCRIBE <a:> FROM\tNAMED\t<URL>",
    "LOAD <URL>",
    "PREFIX a: <b:> LOAD SILENT <URL> INTO GRAPH <a:>",
    "INSERT DATA { <a:> <a:> <a:> }",
    "DELETE WHERE { ?s ?p ?o }",
    "WITH <a:> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
    "CLEAR ALL",
    "DROP ALL",
    "CREATE GRAPH <a:>",
    "COPY DEFAULT TO <a:>",
    "MOVE <a:> TO DEFAULT",
    "ADD <a:> TO DEFAULT",
)
CHAINED = ("ASK {} ; DROP ALL", "SELECT * {} LOAD <URL>", "SELECT * {}\n;\nINSERT DATA { <a:> <a:> <a:> }")
"""An update behind a query: whoever reads it finds no query."""


@pytest.mark.parametrize("query", SERVICES)
def test_what_would_leave_the_graph_is_refused_by_name(query: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        guard.form_of(query.replace("URL", "http://127.0.0.1:1/"))
    assert caught.value.code == "query_refused"
    assert caught.value.details["line"] >= 1


@pytest.mark.parametrize("engine", ENGINES)
def test_the_sandbox_alone_lets_nothing_out_and_opens_no_file(
    store: Store, engine: str, listener: Listener, tmp_path: Path
) -> None:
    graph, chosen = store.ontology(engine), (*SERVICES, *CHAINED)
    before = store.graph_content()
    with contextlib.closing(Watched(tmp_path / "secret.ttl")) as watched:
        for query in chosen if DEEP else chosen[::2] if engine == "oxigraph" else chosen[::12]:
            for url in (listener.url, watched.path.as_uri()):
                with contextlib.suppress(TcpsError), graph.at_head() as folder:
                    answer = asking.unguarded(engine, folder, query.replace("URL", url), QUICK)
                    assert "secret" not in str(answer)
        assert not watched.opened()
        assert "secret" in watched.path.read_text()
        assert watched.opened()
    assert listener.calls() == 0
    assert store.graph_content() == before


def test_a_graph_of_many_tables_is_read_by_a_process_without_a_network(
    store: Store, listener: Listener
) -> None:
    with store.ontology("oxigraph").at_head() as folder:
        found = asking.unguarded(
            "oxigraph", folder, "ASK { ?s a <https://tcps.dev/ontology#Sku> }", QUICK, few=0
        )
        assert found.truth is True
        for query in SERVICES[:6]:
            with contextlib.suppress(TcpsError):
                asking.unguarded("oxigraph", folder, query.replace("URL", listener.url), QUICK, few=0)
    assert listener.calls() == 0


def test_without_a_sandbox_the_engines_do_call(listener: Listener) -> None:
    """So the test above would fail without it."""
    import pyoxigraph as ox

    with contextlib.suppress(OSError):  # what answers is no SPARQL server
        list(ox.Store().query(SERVICES[0].replace("URL", listener.url)))
    assert listener.calls() > 0


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?s ?p 'SERVICE <http://x/> {}' }",
        'SELECT * { ?s ?p """a "quoted" SERVICE""" }',
        "SELECT * { ?s ?p '''it's a SERVICE''' }",
        "SELECT ?service { ?service a <http://x/SERVICE> } # SERVICE",
        "# SERVICE\nASK { ?s ?p $from }",
        "PREFIX add: <a:> SELECT * { ?s add:from ?o }",
        "SELECT * { ?s ?p ?o FILTER(?s<?o && ?o>?s) }",
        "SELECT * { ?s ?p '\\'' }",
    ],
)
def test_the_same_letters_in_texts_names_and_comments_are_no_harm(query: str) -> None:
    assert guard.form_of(query) in ("select", "ask")


@given(st.text())
def test_any_text_is_judged_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidInput):
        guard.form_of(text)


@given(
    st.lists(st.sampled_from([*"{}<>\"'#\\\n\r?:. ", "SERVICE", "service", "a", "<http://x/>", "\\u0053"]))
)
def test_what_is_let_through_calls_for_no_service_in_oxigraph(pieces: list[str]) -> None:
    """Oxigraph itself says what it took for a SERVICE: it fails with another error than one of syntax."""
    import pyoxigraph as ox

    query = f"SELECT * {{ {''.join(pieces)} }}"
    try:
        guard.form_of(query)
    except InvalidInput:
        return
    with contextlib.suppress(SyntaxError):
        list(ox.Store().query(query, prefixes={"": "http://127.0.0.1:1/"}))


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT * { " + "{" * 200 + "}" * 200 + " }", "query_refused"),
        ("SELECT * { ?s ?p '" + "x" * 10_000_000 + "' }", "too_large"),
        ("SELECT * { ?s ?p 'no end }", "query_refused"),
        ("SELECT * { ?s ?p ?o ", "invalid_query"),
        ("SELECT ?s { ?s tcps:nothing:else ?o } nonsense", "invalid_query"),
        ("", "query_refused"),
        ("\x00SELECT * {}", "query_refused"),
        ("SELECT * { ?s ?p '\ud800' }", "query_refused"),
        *((query, "invalid_query") for query in CHAINED),
    ],
)
@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_no_query_is_refused_with_its_place(store: Store, query: str, code: str, engine: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        store.ontology(engine).ask(query, limits=QUICK)
    assert caught.value.code == code
    assert code == "too_large" or caught.value.details["line"] >= 1


_DOUBLING = " ".join(f"BIND(CONCAT(?x{n}, ?x{n}) AS ?x{n + 1})" for n in range(30))
DOUBLED = f"SELECT ?x30 {{ BIND('sixteen letters!' AS ?x0) {_DOUBLING} }}"
CROSS = "{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . FILTER(?a != ?d && ?d != ?g && STR(?c) < STR(?f)) }"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("query", "limits", "says"),
    [
        (f"SELECT * {CROSS}", Limits(seconds=60, size=100_000), "larger than 100000 bytes"),
        (f"SELECT (COUNT(*) AS ?n) {CROSS}", Limits(seconds=2), "longer than 2 seconds"),
        ("SELECT * { ?s ?p ?o }", Limits(seconds=60, rows=10), "rows; 10 are allowed"),
    ],
)
def test_a_query_that_takes_too_much_is_ended_and_says_why(
    store: Store, engine: str, query: str, limits: Limits, says: str
) -> None:
    if engine == "rdflib" and limits.size < asking.DEFAULT.size:
        pytest.skip("rdflib keeps an answer in memory until it is whole: time and memory end it")
    with pytest.raises(TcpsError, match=says) as caught:
        store.ontology(engine).ask(query, limits=limits)
    assert (caught.value.code, caught.value.exit_code) == ("query_limit", 1)


@pytest.mark.parametrize(
    ("engine", "query"),
    [
        ("oxigraph", "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?c ?f ?i"),
        *((engine, DOUBLED) for engine in ENGINES),
    ],
)
def test_a_query_that_wants_too_much_memory_is_ended(store: Store, engine: str, query: str) -> None:
    with pytest.raises(TcpsError, match="memory") as caught:
        store.ontology(engine).ask(query, limits=Limits(seconds=60, memory=128 * 1024 * 1024))
    assert caught.value.code == "query_limit"


DEEP_WITHOUT_BRACKETS = (
    f"SELECT * {{ FILTER({'!' * 100_000}true) }}",
    f"SELECT * {{ ?s {'/'.join(['<a:b>'] * 50_000)} ?o }}",
    f"SELECT * {{ {{}}{' UNION {}' * 50_000} }}",
    f"SELECT * {{ FILTER({'1 + ' * 50_000}1) }}",
    f"SELECT * {{ {'OPTIONAL {} ' * 50_000} }}",
    f"SELECT * {{ {'?s ?p ?o . ' * 50_000} }}",
)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("query", DEEP_WITHOUT_BRACKETS if DEEP else DEEP_WITHOUT_BRACKETS[:2])
def test_what_no_parser_can_take_ends_its_own_process_alone(store: Store, query: str, engine: str) -> None:
    with pytest.raises(TcpsError) as caught:
        store.ontology(engine).ask(query, limits=Limits(seconds=2))
    assert caught.value.code in ("query_limit", "invalid_query")
    assert len(str(caught.value)) < 300


def test_a_pattern_that_never_ends_is_ended(store: Store) -> None:
    query = f'SELECT * {{ FILTER(REGEX("{"a" * 40}!", "^(a+)+$")) }}'
    assert store.ontology("oxigraph").ask(query).rows == ()
    with pytest.raises(TcpsError, match="longer than 1 seconds"):
        store.ontology("rdflib").ask(query, limits=Limits(seconds=1))


HOSTILE = ("> <a:> <b:> } #", '" } SELECT * {', "\\", "\n}", "'", "{", "?x", "a b", "\u202e", "\x01")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("value", HOSTILE if DEEP else HOSTILE[:4])
def test_a_value_is_one_term_whatever_is_in_it(store: Store, value: str, engine: str) -> None:
    query = "SELECT ?v (STR(?v) AS ?same) { ?s a tcps:Policy OPTIONAL { ?s tcps:name ?v } }"
    asked = "SELECT ?v { VALUES ?one { 1 } }"
    assert store.ontology(engine).ask(asked, {"v": _term(value)}).values() == [{"v": value}]
    assert store.ontology(engine).ask(query, {"v": _term(value)}).rows == ()


def _term(value: str) -> str:
    from tcps.ontology.binding import term

    return term(value)


@pytest.mark.parametrize("value", ["<a b>", "<>", '<a:">', "<a:{>", "<relative>", "<a:\n>"])
def test_an_iri_that_is_none_is_refused(store: Store, value: str) -> None:
    with pytest.raises(InvalidInput):
        store.query_ontology("SELECT ?s { ?s ?p ?v }", {"v": value})


@pytest.mark.parametrize("name", ["a} DROP ALL #", "a b", "", "?a>", "a\n", "1", "a\u0301"])
def test_a_name_that_is_none_is_refused(store: Store, name: str) -> None:
    with pytest.raises(InvalidInput):
        store.query_ontology(f"SELECT ?a {{ BIND(1 AS ?{name}) }}", {name: 1})


def test_the_title_of_a_stranger_is_a_text_like_any_other(store: Store) -> None:
    title = 'x" . } ; DROP ALL # \\ <a:> {{ ?s ?p ?o }} 𝄞'
    store.store_work_order({"title": title})
    for engine in ENGINES:
        asked = store.ontology(engine).ask(
            "SELECT ?t { ?s tcps:title ?t FILTER(?t = ?w) }", {"w": _term(title)}
        )
        assert asked.values() == [{"t": title}]
