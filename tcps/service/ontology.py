"""Use cases of the ontology: questions, documents, rebuilding, figures."""

from collections.abc import Iterable, Mapping
from typing import IO, TYPE_CHECKING, Any

from tcps.errors import invalid_field
from tcps.model import Json
from tcps.store import Store

if TYPE_CHECKING:
    from tcps.ontology.answers import Answer
    from tcps.ontology.canned import Canned
    from tcps.ontology.documents import Form
    from tcps.ontology.limits import Limits
    from tcps.ontology.process import Worker
    from tcps.ontology.remote import Server
    from tcps.store.graph import Rebuilt
    from tcps.verify import Progress

CANNED_FIELDS = ("name", "question", "params")


def query(store: Store, text: str, limits: "Limits", worker: "Worker | None" = None) -> "Answer":
    """The answer to a question of the user's own; `worker` is one that was started early."""
    return store.query_ontology(text, limits=limits, worker=worker)


def canned_query(store: Store, name: str, given: Iterable[str], limits: "Limits") -> "Answer":
    """The answer to a canned query; each of the parameters is `NAME=VALUE`."""
    return store.canned_query(name, _pairs(given), limits=limits)


def canned_queries() -> list[Json]:
    """Every canned query with its question and its parameters."""
    from tcps.ontology import canned

    return [_described(canned.get(name)) for name in canned.names()]


def rebuild(store: Store, progress: "Progress | None" = None) -> Json:
    """Make the graph anew and say whether what was kept was the same."""
    made = store.rebuild_ontology(progress=progress)
    return _rebuilt(store, made)


def validate(store: Store, full: bool, progress: "Progress | None" = None) -> tuple[Json, str | None]:
    """The verdict on the records that changed, or on all; and of all the standard's own report."""
    judged = store.validate_ontology(full=full, progress=progress)
    value = judged._asdict() | {"breaches": [breach._asdict() for breach in judged.breaches]}
    return {name: item for name, item in value.items() if name != "report"}, judged.report


def push(store: Store, server: "Server", full: bool) -> Json:
    """Bring a server to the ledger's head; says from which entry to which, and in how many requests."""
    return store.push_ontology(server, full=full)._asdict()


def remote_query(url: str, text: str, limits: "Limits", login: tuple[str, str] | None) -> "Answer":
    """The answer that a server gives to a question of the user's own."""
    from tcps.ontology.remote import Server, checked_url

    checked_url(url)
    return Server(url, url, url, login=login, timeout=limits.seconds).ask(text, limits)


def login_of(text: str | None) -> tuple[str, str] | None:
    """A name and a password from `NAME:PASSWORD`. Raises InvalidInput."""
    if text is None:
        return None
    name, sign, password = text.strip().partition(":")
    if not name or not sign:
        raise invalid_field("--login", "takes NAME:PASSWORD; @FILE keeps it out of sight")
    return name, password


def export(store: Store, form: "Form", with_terms: bool) -> str:
    """The graph as a document; `with_terms` also has the vocabulary."""
    from tcps.ontology.documents import written

    return written(store.export_ontology(with_terms=with_terms), form)


def compare(store: Store, document: IO[bytes], form: "Form", with_terms: bool, limit: int) -> Json:
    """Whether a document states the same as the store, and if not, how it differs."""
    return store.compare_ontology(document, form, with_terms=with_terms, limit=limit)._asdict()


def stats(store: Store) -> Json:
    """What the graph holds: statements in all, things of each class."""
    counted = store.query_ontology(_CLASSES)
    content = store.graph_content()
    return {
        "engine": store.ontology().engine.name,
        "statements": content.statements,
        "digest": content.digest,
        "classes": {row["class"]: row["things"] for row in counted.values()},
    }


_CLASSES = """SELECT ?class (COUNT(?thing) AS ?things) { ?thing a ?class
FILTER(STRSTARTS(STR(?thing), "urn:tcps:")) } GROUP BY ?class ORDER BY ?class"""


def _rebuilt(store: Store, made: "Rebuilt") -> Json:
    return {
        "engine": store.ontology().engine.name,
        "sequence": made.seq,
        "statements": made.content.statements,
        "digest": made.content.digest,
        "same": made.same,
    }


def _described(query: "Canned") -> Json:
    params = [param._asdict() for param in query.params]
    return {"name": query.name, "question": query.question, "params": params}


def _pairs(given: Iterable[str]) -> Mapping[str, str]:
    pairs: dict[str, Any] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or name in pairs:
            raise invalid_field("--param", f"takes NAME=VALUE, each name once, not {text!r}")
        pairs[name] = value
    return pairs
