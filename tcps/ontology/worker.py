"""Answers one query in a process of its own, in which nothing but the graph can be reached.

Started as a file by `asking`, with nothing of tcps to import and little else, for somebody waits: texts
with zeros between them come in (`Request`), the outcome as a line (`ascii` of an object of texts and
numbers) and then the answer go out. Once the graph is open, the process can open nothing more, no file
and no socket; its memory and its time at work end, whoever is looking. A large graph has files that are
opened late: there it leaves the network before, and can open as many as there are.
"""

import io
import os
import resource
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Json = dict[str, Any]


class Request:
    """What is asked: the texts that `asking` sends, in its order."""

    def __init__(self, data: str) -> None:
        self.engine, self.graph, self.few, self.size, self.memory, self.seconds, rest = data.split("\0", 6)
        prefixes, self.query = rest.split("\0\0", 1)
        names = prefixes.split("\0")
        self.prefixes = dict(zip(names[::2], names[1::2], strict=True))


class SizeError(Exception):
    """The answer is over a limit."""


class Sink(io.BytesIO):
    """Takes the bytes of an answer, up to a limit."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def write(self, data: "Any") -> int:
        """Keep these bytes."""
        if self.tell() + len(data) > self.limit:
            raise SizeError
        return super().write(data)


def cut_off() -> bool:
    """Leave the machine's network for an empty one (Linux); whether that was allowed."""
    import ctypes

    new_user, new_net = 0x10000000, 0x40000000
    unshare = getattr(ctypes.CDLL(None), "unshare", None)
    return unshare is not None and 0 in (unshare(new_net), unshare(new_user | new_net))


def confine(memory: int, descriptors: int) -> None:
    """Give up what a query has no use for; `descriptors` may still be open or be opened."""
    lower(resource.RLIMIT_NOFILE, descriptors)
    lower(resource.RLIMIT_FSIZE, 0)
    lower(resource.RLIMIT_CORE, 0)
    if hasattr(resource, "RLIMIT_DATA"):
        lower(resource.RLIMIT_DATA, memory)


def lower(limit: int, most: int) -> None:
    """Set a limit of this process for good, never above what it may have."""
    _, hard = resource.getrlimit(limit)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(limit, (most, most))


def tables(graph: str) -> int:
    """How many tables the graph has: Oxigraph opens some at once, and others when it reads them."""
    return sum(name.endswith(".sst") for name in os.listdir(graph))


def by_oxigraph(request: Request) -> "Callable[[Sink], str]":
    """Open the graph; gives what answers with Oxigraph."""
    import pyoxigraph as ox

    store = ox.Store.read_only(request.graph)

    def answer(sink: Sink) -> str:
        found = store.query(request.query, prefixes=request.prefixes)
        if isinstance(found, ox.QueryTriples):
            found.serialize(sink, format=ox.RdfFormat.N_TRIPLES)
            return "graph"
        found.serialize(sink, format=ox.QueryResultsFormat.JSON)
        return "table" if isinstance(found, ox.QuerySolutions) else "truth"

    return answer


def by_rdflib(request: Request) -> "Callable[[Sink], str]":
    """Open the graph; gives what answers with rdflib."""
    import rdflib
    from rdflib.plugins import sparql

    rdflib.NORMALIZE_LITERALS = False
    sparql.SPARQL_LOAD_GRAPHS = False
    graph = rdflib.Graph()
    graph.parse(request.graph + "/graph.nt", format="nt")

    def answer(sink: Sink) -> str:
        found = graph.query(request.query, initNs=request.prefixes)
        if found.graph is not None:
            sink.write(found.graph.serialize(format="nt", encoding="utf-8"))
            return "graph"
        sink.write(found.serialize(format="json") or b"")
        return "table" if found.type == "SELECT" else "truth"

    for query in ("SELECT (max(?a) AS ?b) {}", "ASK {}", "CONSTRUCT { ?a ?b ?c } {}"):
        _warm(graph.query(query))  # it imports what it uses when it uses it, and then cannot any more
    return answer


def _warm(found: "Any") -> None:
    if found.graph is not None:
        found.graph.serialize(format="nt")
    else:
        found.serialize(format="json")


ENGINES = {"oxigraph": by_oxigraph, "rdflib": by_rdflib}


def outcome(request: Request, sink: Sink) -> "Json":
    """How the query went; its answer is in the sink."""
    try:
        many = tables(request.graph)
        late = many if many > int(request.few) else 0
        if late:
            cut_off()
        answer = ENGINES[request.engine](request)
    except Exception as error:
        return {"failed": "graph", "message": f"{type(error).__name__}: {error}"}
    confine(int(request.memory), 16 + 2 * late if late else 0)
    try:
        return {"kind": answer(sink)}
    except SizeError:
        return {"failed": "size"}
    except (MemoryError, RecursionError) as error:
        return {"failed": "memory" if isinstance(error, MemoryError) else "depth"}
    except SyntaxError as error:
        return {"failed": "syntax", "message": str(error.msg or error)}
    except Exception as error:
        return _explained(error)


def _explained(error: Exception) -> "Json":
    """What went wrong: rdflib's parser has a class of its own for syntax; it is not imported for that."""
    message = str(error) or type(error).__name__
    if type(error).__name__ in ("ParseException", "ParseFatalException"):
        place = {"line": getattr(error, "lineno", 1), "column": getattr(error, "column", 1)}
        return {"failed": "syntax", "message": message.partition("  (at char")[0]} | place
    if isinstance(error, OSError):
        return {"failed": "storage", "message": message}
    return {"failed": "query", "message": f"{message}" if isinstance(error, ValueError) else repr(error)}


def ready() -> bool:
    """Import Oxigraph, if it is there, while nobody waits."""
    try:
        import pyoxigraph  # noqa: F401
    except ImportError:
        return False
    return True


def main() -> None:
    """Read the request, answer it, end at once: nothing of the graph needs to be put away.

    The arguments are where packages are.
    """
    sys.path += sys.argv[1:]
    ready()
    request = Request(sys.stdin.buffer.read().decode())
    lower(resource.RLIMIT_CPU, int(request.seconds))
    sink = Sink(int(request.size))
    told = outcome(request, sink)
    out = sys.stdout.buffer
    out.write(f"{told!a}\n".encode())
    if "kind" in told:
        out.write(sink.getbuffer())
    out.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
