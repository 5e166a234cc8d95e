"""Bringing a SPARQL server to the ledger's head: the whole graph, or what is new since the last time.

The server itself says up to where it is, by a statement in the graph that is changed together with the
rest: a push that was cut off, or a server that lost what it had, goes on from what is really there.
"""

from typing import NamedTuple

from tcps.ontology.engines import vocabulary_lines
from tcps.ontology.projection import ntriples
from tcps.ontology.remote import Server
from tcps.ontology.terms import record_iri, term, text
from tcps.store.engine import Engine
from tcps.store.graph import difference, head_of, leaf_of, statements
from tcps.store.view import View

_BATCH = 200
"""So many entries of the ledger go into one update."""


class Pushed(NamedTuple):
    """What was sent: from after which entry (0: the whole graph) to which, in how many requests."""

    since: int
    sequence: int
    requests: int


def push(store: Engine, server: Server, *, full: bool = False) -> Pushed:
    """Send what the server lacks. Raises TcpsError (`endpoint_error`)."""
    with store.view() as view:
        since = 0 if full else _since(view, server)
        head = head_of(view)
        if since == 0:
            lines = (f"{line}\n" for line in (*vocabulary_lines(), _mark(view, head)))
            server.put(ntriples([*statements(view), *lines]))
            return Pushed(0, head, 1)
        requests, at = 0, since
        while at < head:
            to = min(at + _BATCH, head)
            removed, added = difference(view, at, to)
            server.change(
                "".join(sorted({*removed, f"{_mark(view, at)}\n"})),
                "".join(sorted({*added, f"{_mark(view, to)}\n"})),
            )
            requests, at = requests + 1, to
        return Pushed(since, head, requests)


def _since(view: View, server: Server) -> int:
    """The entry up to which the server has this ledger; 0 for nothing of it."""
    said = server.position(_subject(view), term("position")) or ""
    digits = said.partition(" ")[0]
    seq = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 else 0
    return seq if 0 < seq <= head_of(view) and said == _position(view, seq) else 0


def _mark(view: View, seq: int) -> str:
    return f"{_subject(view)} {term('position')} {text(_position(view, seq))} ."


def _position(view: View, seq: int) -> str:
    return f"{seq} {leaf_of(view, seq)}"


def _subject(view: View) -> str:
    return f"<{record_iri(view.store_id, 'graph', 'pushed')}>"
