"""The lines that let cron or systemd back up a store: absolute paths, no need of any environment.

Jobs may meet: who adds or removes archives waits for the lock, and gives up with exit code 11.
"""

import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from tcps.backup import Place
from tcps.errors import invalid_field
from tcps.model import Json
from tcps.store import Store

WAIT_SECONDS = 600
"""How long a job waits for another one."""
_LONGEST_LINE = 900
"""Crons cut or refuse longer lines; the oldest ones take 1,000 bytes."""
_PLAIN = re.compile(r"[A-Za-z0-9_/.,:=@+-]+", re.ASCII)


class Task(NamedTuple):
    """Something to do regularly: when, for cron and for systemd, and the words of the command."""

    name: str
    says: str
    cron: str
    calendar: str
    command: tuple[str, ...]

    @property
    def line(self) -> str:
        """Its line in a crontab. Raises InvalidInput where no crontab can hold it."""
        command = shlex.join(self.command)
        if "\\" in command:
            raise invalid_field("crontab", "cannot hold a path with a backslash: crons disagree on it")
        line = f"{self.cron} {command.replace('%', chr(92) + '%')}"  # a bare % is a newline to cron
        if len(line.encode()) > _LONGEST_LINE:
            raise invalid_field("crontab", f"cannot hold a line of {len(line.encode())} bytes")
        return line


def schedule(store: Store, place: Place, program: Sequence[str]) -> Json:
    """The jobs that keep good backups of a store in a place; `program` is how tcps is called."""
    folder = str(store.folder.absolute())
    for path in (folder, place.where(), *program):
        if not path.isprintable():
            raise invalid_field("path", f"{path!a} cannot be written in a schedule")
    return {
        "store_id": store.store_id,
        "store": folder,
        "place": place.where(),
        "jobs": [task._asdict() for task in _tasks(store.store_id, folder, place.where(), program)],
    }


def crontab(plan: Json) -> str:
    """The lines of a crontab."""
    lines = [
        f"# Backups of the tcps store {plan['store_id']} in {plan['store']}",
        "# They print nothing unless something is wrong; cron mails what they print to MAILTO.",
    ]
    for task in _read(plan):
        lines += [f"# {task.says}", task.line]
    return "".join(f"{line}\n" for line in lines)


def systemd(plan: Json) -> str:
    """The units, each after a line with the name of its file."""
    return "\n".join(
        f"# file: {name}\n{content}" for task in _read(plan) for name, content in _units(task, plan)
    )


WRITTEN: dict[str, Callable[[Json], str]] = {"crontab": crontab, "systemd": systemd}
"""How the jobs are written for whom."""


def _read(plan: Json) -> Iterable[Task]:
    return (Task(**job) for job in plan["jobs"])


def _tasks(store_id: str, folder: str, place: str, program: Sequence[str]) -> list[Task]:
    """Each store has its own minute, so that those of one machine do not all begin at once."""
    minute, start = int(store_id, 16) % 60, (*program, "--store", folder, "backup")
    full, prune, verify = ((minute + later) % 60 for later in (15, 30, 45))
    wait = ("--wait", str(WAIT_SECONDS))
    to = ("--to", place, "--quiet")
    keep = ("--keep-hourly", "48", "--keep-daily", "14", "--keep-weekly", "8", "--keep-monthly", "12")
    return [
        Task(
            "incremental",
            "each hour what is new",
            f"{minute} * * * *",
            f"*-*-* *:{minute:02d}:00",
            (*start, "create", "--incremental", *wait, *to),
        ),
        Task(
            "full",
            "on Sundays everything, so that chains stay short",
            f"{full} 1 * * 0",
            f"Sun *-*-* 01:{full:02d}:00",
            (*start, "create", *wait, *to),
        ),
        Task(
            "prune",
            "each day: what is not needed any more goes",
            f"{prune} 2 * * *",
            f"*-*-* 02:{prune:02d}:00",
            (*start, "prune", *keep, *wait, *to),
        ),
        Task(
            "verify",
            "each day: the newest archive is proven, with all that it rests on",
            f"{verify} 3 * * *",
            f"*-*-* 03:{verify:02d}:00",
            (*start, "verify", *to),
        ),
        Task(
            "verify-all",
            "on Saturdays: every archive is proven",
            f"{verify} 4 * * 6",
            f"Sat *-*-* 04:{verify:02d}:00",
            (*start, "verify", "--all", *to),
        ),
    ]


def _units(task: Task, plan: Json) -> list[tuple[str, str]]:
    name = f"tcps-backup-{plan['store_id']}-{task.name}"
    description = f"Description=tcps backup of {plan['store']}: {task.says}".replace("%", "%%")
    program, *rest = task.command
    command = " ".join([_quoted(program), *(_quoted(word).replace("$", "$$") for word in rest)])
    service = f"[Unit]\n{description}\n\n[Service]\nType=oneshot\nNice=10\nExecStart={command}\n"
    timer = (
        f"[Unit]\n{description}\n\n[Timer]\nOnCalendar={task.calendar}\nPersistent=true\n\n"
        "[Install]\nWantedBy=timers.target\n"
    )
    return [(f"{name}.service", service), (f"{name}.timer", timer)]


def _quoted(word: str) -> str:
    """A word of a command of systemd; it looks for variables in every word but the first."""
    if _PLAIN.fullmatch(word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'
