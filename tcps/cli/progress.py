"""How far a long command has come and how long it will take, on stderr when that is a terminal."""

import contextlib
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from tcps.config import Settings

_WORTH = 4 * 1024 * 1024
"""From how many bytes on it is worth to show anything, where bytes are counted."""
_EVERY = 0.1
"""Seconds between two looks at the bars."""

T = TypeVar("T")


@contextlib.contextmanager
def told(chosen: Settings, worth: int = _WORTH) -> Iterator["Bars | None"]:
    """What a long command tells of its progress; None where nobody would see it.

    `worth` is how much of the first thing there must be for anything to be shown.
    """
    if chosen.quiet or not sys.stderr.isatty():
        yield None
        return
    bars = Bars(color=chosen.color, worth=worth)
    try:
        yield bars
    finally:
        bars.close()


class Bars:
    """A bar for each thing that is looked at; gone when it is closed.

    They are drawn when there is news, without a thread: a process with threads cannot be forked.
    """

    def __init__(self, *, color: bool, worth: int = _WORTH) -> None:
        self._color = color
        self._worth = worth
        self._bars: dict[str, Any] = {}
        self._progress: Any = None
        self._drawn = 0.0

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show that `done` of `total` is done; the first thing says whether it is worth it."""
        if not self._bars:
            self._progress = self._started() if total >= self._worth else None
        if self._progress is None:
            self._bars[what] = None
            return
        if what not in self._bars:
            self._bars[what] = self._progress.add_task(what, total=total)
        now = time.monotonic()
        due = done == total or now >= self._drawn + _EVERY
        self._progress.update(self._bars[what], completed=done, refresh=due)
        self._drawn = now if due else self._drawn

    def close(self) -> None:
        """Take the bars away."""
        if self._progress is not None:
            self._progress.stop()

    def _started(self) -> Any:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        console = Console(stderr=True, no_color=not self._color)
        progress = Progress(
            *columns,
            console=console,
            transient=True,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        progress.start()
        return progress


class Count:
    """A line that says how many things were done so far, where somebody sees it; gone when it is cleared."""

    def __init__(self, chosen: Settings) -> None:
        self._wanted = not chosen.quiet and sys.stderr.isatty()
        self._color = chosen.color
        self._status: Any = None
        self._drawn = time.monotonic()

    def __call__(self, what: str, count: int) -> None:
        """Show that `count` things were `what` by now."""
        now = time.monotonic()
        if not self._wanted or now < self._drawn + _EVERY:
            return
        self._drawn = now
        if self._status is None:
            self._status = self._started()
        self._status.update(f"{count:,} {what}", refresh=True)

    def clear(self) -> None:
        """Take the line away."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def before(self, items: Iterable[T]) -> Iterator[T]:
        """The items, which are written where the line would be: it is gone before each, and in the end."""
        try:
            for item in items:
                self.clear()
                yield item
        finally:
            self.clear()

    def _started(self) -> Any:
        from rich.console import Console
        from rich.live import Live

        console = Console(stderr=True, no_color=not self._color)
        line = Live(
            console=console,
            transient=True,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        line.start()
        return line
