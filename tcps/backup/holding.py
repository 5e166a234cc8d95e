"""One at a time: who adds or removes archives of a store in a folder holds a lock meanwhile (format 13)."""

import contextlib
from collections.abc import Iterator

from tcps.backup.places import Place
from tcps.errors import LockTimeout


@contextlib.contextmanager
def holding(folder: Place, store_id: str, wait: float) -> Iterator[None]:
    """Hold the lock, waiting at most `wait` seconds for it; what a crash has left is removed.

    The kernel frees the lock of a process that ends, however it ends. Raises LockTimeout.
    """
    held = folder.lock(store_id, wait)
    try:
        held.acquire()
    except LockTimeout as error:
        raise LockTimeout(
            f"another backup or prune is under way in {folder}; gave up after {wait:g} s",
            hint=error.hint,
            details=error.details,
        ) from None
    try:
        folder.clear(store_id)
        yield
    finally:
        held.close()
