"""A cron daemon of Debian for a test: in a mount namespace of its own, with one crontab and nothing else.

Jobs get what cron gives them: `/usr/bin:/bin` as PATH, HOME, LOGNAME and SHELL. SHELL is a script that notes
what became of each job.
"""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

SECONDS = 180.0
"""How long anything is waited for."""
_DAEMON = shutil.which("cron", path=f"{os.environ['PATH']}:/usr/sbin")
_SHELL = """#!/bin/sh
cd {folder}/jobs
mkdir $$
/usr/bin/env >$$/env
printf %s "$2" >$$/command
/bin/sh "$@" >$$/out 2>$$/err
echo $? >$$/code.new
mv $$/code.new $$/code
"""
_START = """
set -e
mount --bind {folder}/spool /var/spool/cron
mount --bind {folder}/empty /etc/cron.d
mount --bind {folder}/crontab /etc/crontab
mount -t tmpfs none /run
exec env -i PATH=/usr/bin:/bin {daemon} -f
"""


def _possible() -> bool:
    return (
        _DAEMON is not None
        and os.geteuid() == 0
        and Path("/var/spool/cron").is_dir()
        and subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0
    )


needs_cron = pytest.mark.skipif(not _possible(), reason="needs cron, and root to give it a place of its own")


class Job(NamedTuple):
    """A job that has ended: how it was called, the names of its variables, how it ended."""

    command: str
    variables: set[str]
    code: int
    out: str
    err: str


class Cron:
    """Runs crontabs, one after the other; jobs go on when their daemon has ended."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("spool/crontabs", "empty", "jobs"):
            (folder / name).mkdir(parents=True)
        (folder / "spool/crontabs").chmod(0o1730)
        (folder / "crontab").touch()
        shell = folder / "shell"
        shell.write_text(_SHELL.format(folder=folder))
        shell.chmod(0o755)

    @contextlib.contextmanager
    def running(self, *lines: str) -> Iterator[None]:
        """A daemon with these lines."""
        crontab = self.folder / "spool/crontabs/root"
        text = "".join(f"{line}\n" for line in lines)
        crontab.write_text(f"SHELL={self.folder}/shell\nHOME={self.folder}\n{text}")
        crontab.chmod(0o600)
        script = _START.format(folder=self.folder, daemon=_DAEMON)
        daemon = subprocess.Popen(["unshare", "--mount", "--propagation", "private", "sh", "-c", script])
        try:
            yield
            assert daemon.poll() is None
        finally:
            daemon.terminate()
            daemon.wait()

    def start(self, *commands: str) -> None:
        """Let cron start these commands now, as it does when the machine starts."""
        wanted = len(self._jobs()) + len(commands)
        with self.running(*(f"@reboot {command}" for command in commands)):
            until(lambda: len(self._jobs()) == wanted)

    def ended(self, count: int) -> list[Job]:
        """So many jobs have ended by now, or will; they are in no order."""
        until(lambda: len([job for job in self._jobs() if (job / "code").exists()]) >= count)
        return [_read(job) for job in self._jobs() if (job / "code").exists()]

    def _jobs(self) -> list[Path]:
        return [job for job in (self.folder / "jobs").iterdir() if (job / "err").exists()]


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _read(job: Path) -> Job:
    text = {name: (job / name).read_text() for name in ("command", "env", "code", "out", "err")}
    variables = {line.partition("=")[0] for line in text["env"].splitlines()}
    return Job(text["command"], variables, int(text["code"]), text["out"], text["err"])
