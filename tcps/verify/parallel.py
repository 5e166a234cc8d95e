"""Work on every core: forked children take tasks in turn, and their results come back in order (ADR 11)."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")
Start = Callable[[int], Callable[[Task], Result]]
"""Makes what does the tasks; called once in each process, with its number."""


def usable_cores() -> int:
    """On how many cores this process may run at once; 1 where it must not fork."""
    if not hasattr(os, "fork") or threading.active_count() > 1:
        return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def results(start: Start[Task, Result], tasks: Sequence[Task], processes: int) -> Iterator[Result]:
    """The results in the order of the tasks; process `k` of `n` does the tasks k, k + n, k + 2n, ….

    With one process everything is done in this one. An error of a child is raised here as what it was.
    """
    if processes == 1:
        yield from map(start(0), tasks)
        return
    from tcps.verify.children import Child, forked

    children: list[Child] = []
    try:
        for number in range(processes):
            children.append(forked(start, number, tasks[number::processes], children))
        for number in range(len(tasks)):
            yield children[number % processes].result()
    except BaseException:
        for child in children:
            child.kill()
        raise
    finally:
        for child in children:
            child.end()
