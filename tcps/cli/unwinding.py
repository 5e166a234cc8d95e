"""Commands that leave something behind when they are ended at once: a signal lets them take it away first."""

import contextlib
import os
import signal
from collections.abc import Iterator
from typing import NoReturn

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _EndedError(BaseException):
    """A signal came."""


@contextlib.contextmanager
def unwinding() -> Iterator[None]:
    """What the body takes away when it raises, it takes away when a signal comes; a second ends at once."""
    before = {one: signal.getsignal(one) for one in _SIGNALS}
    numbers: list[int] = []

    def restore() -> None:
        for one, handler in before.items():
            signal.signal(one, handler)

    def end(number: int, _: object) -> NoReturn:
        numbers.append(number)
        restore()
        raise _EndedError

    for one, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(one, end)
    try:
        yield
    except _EndedError:
        os._exit(128 + numbers[0])
    finally:
        restore()
