"""Transactions that may be only tried: decided by every rule, then dropped."""

import contextlib
from collections.abc import Iterator
from typing import Any

from tcps.store import Store


class _TriedError(Exception):
    """Ends a batch without keeping it."""


@contextlib.contextmanager
def tried(store: Store, dry_run: bool = True) -> Iterator[None]:
    """Transactions that see each other, are refused where real ones would be, and leave nothing.

    Only if `dry_run`; else they are real ones.
    """
    if not dry_run:
        yield
        return
    with contextlib.suppress(_TriedError), store.batch():
        yield
        raise _TriedError


@contextlib.contextmanager
def transaction(store: Store, action: str, key: str | None = None, *, dry_run: bool = False) -> Iterator[Any]:
    """A transaction of the store, which a dry run only tries."""
    with tried(store, dry_run), store.transaction(action, key) as draft:
        yield draft
