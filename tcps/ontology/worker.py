"""Answers queries in a process of its own, in which nothing but one graph can be reached.

Started as a file by `process`, with nothing of tcps to import and little else, for somebody waits. What
goes in and out are frames, a length in eight bytes and so much content: in comes the set-up (`Setup`) and
then queries; for each the outcome (`ascii` of an object of texts and numbers) and the answer go out. Once
the graph is open, the process can open nothing more, no file and no socket; its memory and its time at
work end, whoever is looking. A large graph has files that are opened late: there it leaves the network
before, and can open as many as there are.
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
    Answer = Callable[[str, "Sink"], str]


class Setup:
    """What is said once: the texts of `asking.setup_of`, in its order."""

    def __init__(self, data: str) -> None:
        self.engine, self.graph, few, memory, *names = data.split("\0")
        self.few, self.memory = int(few), int(memory)
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


def by_oxigraph(setup: Setup) -> "Answer":
    """Open the graph; gives what answers with Oxigraph."""
    import pyoxigraph as ox

    store = ox.Store.read_only(setup.graph)

    def answer(query: str, sink: Sink) -> str:
        found = store.query(query, prefixes=setup.prefixes)
        if isinstance(found, ox.QueryTriples):
            found.serialize(sink, format=ox.RdfFormat.N_TRIPLES)
            return "graph"
        found.serialize(sink, format=ox.QueryResultsFormat.JSON)
        return "table" if isinstance(found, ox.QuerySolutions) else "truth"

    return answer


def by_rdflib(setup: Setup) -> "Answer":
    """Open the graph; gives what answers with rdflib."""
    import rdflib
    from rdflib.plugins import sparql

    rdflib.NORMALIZE_LITERALS = False
    sparql.SPARQL_LOAD_GRAPHS = False
    sparql.CUSTOM_EVALS["no groups"] = no_groups
    graph = rdflib.Graph()
    graph.parse(setup.graph + "/graph.nt", format="nt")

    def answer(query: str, sink: Sink) -> str:
        found = graph.query(query, initNs=setup.prefixes)
        if found.graph is not None:
            sink.write(found.graph.serialize(format="nt", encoding="utf-8"))
            return "graph"
        sink.write(found.serialize(format="json") or b"")
        return "table" if found.type == "SELECT" else "truth"

    for query in ("SELECT (max(?a) AS ?b) {}", "ASK {}", "CONSTRUCT { ?a ?b ?c } {}"):
        _warm(graph.query(query))  # it imports what it uses when it uses it, and then cannot any more
    return answer


def no_groups(ctx: "Any", part: "Any") -> "Any":
    """GROUP BY of nothing gives nothing; rdflib 7.6 gives a row without values (its issue 3382)."""
    from rdflib.plugins.sparql.evaluate import evalPart

    if part.name == "AggregateJoin" and part.p.expr and next(iter(evalPart(ctx, part.p)), None) is None:
        return iter(())
    raise NotImplementedError  # as rdflib wants to be told that it may go on itself


def _warm(found: "Any") -> None:
    if found.graph is not None:
        found.graph.serialize(format="nt")
    else:
        found.serialize(format="json")


ENGINES = {"oxigraph": by_oxigraph, "rdflib": by_rdflib}


def opened(setup: Setup) -> "Answer":
    """Open the graph, and give up everything else."""
    many = tables(setup.graph)
    late = many if many > setup.few else 0
    if late:
        cut_off()
    answer = ENGINES[setup.engine](setup)
    confine(setup.memory, 16 + 2 * late if late else 0)
    return answer


def outcome(answer: "Answer", query: str, sink: Sink) -> "Json":
    """How the query went; its answer is in the sink."""
    try:
        return {"kind": answer(query, sink)}
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


def frame() -> str:
    """The next frame that comes in; empty at the end."""
    source = sys.stdin.buffer
    return source.read(int.from_bytes(source.read(8))).decode()


def say(*frames: bytes) -> None:
    """Let frames go out."""
    out = sys.stdout.buffer
    for content in frames:
        out.write(len(content).to_bytes(8))
        out.write(content)
    out.flush()


def main() -> None:
    """Open the graph and answer one query after the other; the arguments are where packages are.

    After anything but an answer it ends, and at once: nothing of the graph needs to be put away.
    """
    sys.path += sys.argv[1:]
    ready()
    setup = frame()
    if not setup:
        os._exit(0)
    try:
        answer = opened(Setup(setup))
    except Exception as error:
        say(ascii({"failed": "graph", "message": f"{type(error).__name__}: {error}"}).encode(), b"")
        os._exit(0)
    while request := frame():
        size, seconds, query = request.split("\0", 2)
        at_work(int(seconds))
        sink = Sink(int(size))
        told = outcome(answer, query, sink)
        say(ascii(told).encode(), sink.getvalue() if "kind" in told else b"")
        if "kind" not in told:
            break
    os._exit(0)


def at_work(seconds: int) -> None:
    """From now on, so many seconds of work and no more."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    most = int(used.ru_utime + used.ru_stime) + 1 + seconds
    soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


if __name__ == "__main__":
    main()
