"""Whether a document states the same as the store. Nothing of the document is kept."""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import NamedTuple

from tcps.ontology.engines import vocabulary_lines
from tcps.store.engine import Engine
from tcps.store.graph import statements
from tcps.store.view import View


class Compared(NamedTuple):
    """What a document lacks of the store's `statements`, what it has beyond, and the first of each."""

    same: bool
    statements: int
    missing: int
    extra: int
    first_missing: tuple[str, ...]
    first_extra: tuple[str, ...]


def compare(store: Engine, document: Iterable[str], *, with_terms: bool, limit: int) -> Compared:
    """Hold a document's statements (`ontology.reading`) beside those of the store.

    `with_terms`: beside those of the vocabulary too. A store has no blank nodes, so a document with one is
    never isomorphic, and what it says of it is extra. Of each statement a digest is held in memory.
    """
    with store.view() as view:
        stated = dict.fromkeys(map(_digest, _lines(view, with_terms)), False)
        beyond, extra = set[bytes](), list[str]()
        for line in document:
            key = _digest(line)
            if key in stated:
                stated[key] = True
            elif key not in beyond:
                beyond.add(key)
                extra += [line] if len(extra) < limit else []
        lacking = len(stated) - sum(stated.values())
        lines = _lines(view, with_terms) if lacking else iter(())
        lost = tuple(islice((line for line in lines if not stated[_digest(line)]), limit))
    return Compared(not (lacking or beyond), len(stated), lacking, len(beyond), lost, tuple(extra))


def _lines(view: View, with_terms: bool) -> Iterator[str]:
    own = (line for block in statements(view) for line in block.split("\n") if line)
    return chain(own, vocabulary_lines() if with_terms else ())


def _digest(line: str) -> bytes:
    return hashlib.blake2b(line.encode(), digest_size=16).digest()
