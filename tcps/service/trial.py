"""A transaction that may be only tried: decided by every rule, then dropped."""

import contextlib
from collections.abc import Iterator
from typing import Any

from tcps.store import Store


class _TriedError(Exception):
    """Ends a transaction without keeping it."""


@contextlib.contextmanager
def transaction(store: Store, action: str, key: str | None = None, *, dry_run: bool = False) -> Iterator[Any]:
    """A transaction of the store; a dry run is refused where the real one would be, and changes nothing."""
    with contextlib.suppress(_TriedError), store.transaction(action, key) as draft:
        yield draft
        if dry_run:
            raise _TriedError
