"""What lets cron and systemd make backups: their own parsers take it, and a real cron runs it."""

import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tcps.errors import LockTimeout
from tcps.locks import Lock, lock
from tests.backup import shelf
from tests.cli.conftest import Tcps
from tests.cli.cron import Cron, needs_cron, until

STRANGE = 'it\'s 100% "$HOME"'
"""A folder whose name means something to a shell, to cron and to systemd."""


class Shop:
    """A store in a strange place, its archives, and the jobs of its schedule."""

    def __init__(self, tcps: Tcps, place: Path) -> None:
        folder = place / STRANGE
        self.backups = folder / "backups"
        self.options = ("--store", str(folder / ".tcps"), "--to", str(self.backups))
        assert tcps("init", str(folder)).code == 0
        self.text = tcps("backup", "schedule", "--print", "crontab", *self.options).out
        self.plan = tcps("backup", "schedule", "--print", "crontab", *self.options, "--json").json
        names = [job["name"] for job in self.plan["jobs"]]
        lines = [line for line in self.text.splitlines() if not line.startswith("#")]
        self.lines = dict(zip(names, lines, strict=True))
        self.writers = lock(folder / ".tcps" / "lock", 0)
        self.others = lock(self.backups / f".tcps-{self.plan['store_id']}.lock", 0)

    def command(self, name: str) -> str:
        """The line of a job without its time."""
        return self.lines[name].split(maxsplit=5)[5]


@pytest.fixture
def shop(tcps: Tcps, tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tcps, tmp_path)
    yield made
    made.writers.close()


def is_held(one: Lock) -> bool:
    try:
        one.acquire(0)
    except LockTimeout:
        return True
    one.close()
    return False


def holder(path: Path) -> int:
    """The process that holds a lock."""
    inode = path.stat().st_ino
    (pid,) = re.findall(rf"FLOCK +ADVISORY +WRITE (\d+) [^ ]+:{inode} ", Path("/proc/locks").read_text())
    return int(pid)


def test_each_line_is_one_command_with_whole_paths(shop: Shop) -> None:
    assert list(shop.lines) == ["incremental", "full", "prune", "verify", "verify-all"]
    for job in shop.plan["jobs"]:
        command = shop.command(job["name"])
        assert shop.lines[job["name"]] == f"{job['cron']} {command}"
        assert "%" not in command.replace("\\%", "")
        words = shlex.split(command.replace("\\%", "%"))
        assert words == job["command"]
        assert Path(words[0]).is_absolute()
        assert words[words.index("--store") + 1] == shop.options[1]
        assert words[words.index("--to") + 1] == shop.options[3]
        assert "--quiet" in words


def test_stores_have_minutes_of_their_own(tcps: Tcps, tmp_path: Path) -> None:
    minutes = set()
    for n in range(8):
        tcps("init", f"{n}")
        plan = tcps("backup", "schedule", "--print", "systemd", "--store", f"{n}", "--json").json
        minutes.add(plan["jobs"][0]["cron"])
    assert len(minutes) > 1


def test_the_lines_are_what_cron_takes(shop: Shop, tmp_path: Path) -> None:
    if shutil.which("crontab") is None:
        pytest.skip("needs crontab")
    file = tmp_path / "lines"
    file.write_text(shop.text)
    assert subprocess.run(["crontab", "-n", file], check=False).returncode == 0
    file.write_text(shop.text.replace(" * * * *", " * * * nonsense", 1))
    assert subprocess.run(["crontab", "-n", file], check=False).returncode != 0


def test_the_units_are_what_systemd_takes(shop: Shop, tcps: Tcps, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    text = tcps("backup", "schedule", "--print", "systemd", *shop.options).out
    units = []
    for block in text.split("# file: ")[1:]:
        name, content = block.split("\n", 1)
        units.append(tmp_path / name)
        units[-1].write_text(content)
    assert len(units) == 10

    def judged() -> tuple[int, str]:
        done = subprocess.run(
            ["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False
        )
        return done.returncode, done.stderr

    assert judged() == (0, "")
    (service,) = [unit for unit in units if unit.name.endswith("-full.service")]
    service.write_text(service.read_text().replace("Type=oneshot", "Type=nonsense"))
    assert "nonsense" in judged()[1]


@pytest.mark.parametrize("name", ["a\nb", "a\x07b", "a\\b", "a" * 200])
def test_what_a_crontab_cannot_hold_is_refused(tcps: Tcps, tmp_path: Path, name: str) -> None:
    folder = "/".join([name] * (5 if len(name) > 100 else 1))
    done = tcps("backup", "schedule", "--print", "crontab", "--to", folder, "--json")
    assert (done.code, done.error["code"]) == (2, "invalid_field")


def test_lines_are_for_cron_or_systemd(tcps: Tcps) -> None:
    done = tcps("backup", "schedule", "--print", "at", "--json")
    assert (done.code, done.error["code"]) == (2, "invalid_field")


@needs_cron
def test_a_real_cron_runs_the_lines_with_hardly_any_environment(
    shop: Shop, tcps: Tcps, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cron = Cron(tmp_path_factory.mktemp("cron"))
    cron.start(shop.command("incremental"))
    (first,) = cron.ended(1)
    assert first.variables <= {"HOME", "LOGNAME", "PATH", "SHELL", "PWD", "LANG", "OLDPWD", "SHLVL", "_"}
    assert (first.code, first.out) == (0, "")
    assert first.err == "note: a full backup was made: there is no archive to go on from\n"
    cron.start(*(shop.command(name) for name in ("full", "prune", "verify", "verify-all", "incremental")))
    later = [job for job in cron.ended(6) if job != first]
    assert {(job.code, job.out, job.err) for job in later} == {(0, "", "")}
    names = shelf.archives(shop.backups)
    assert names  # all are of one hour, so prune may have left the newest alone
    assert shelf.leftovers(shop.backups) == []
    (shop.backups / names[0]).write_text("garbage")
    cron.start(shop.command("verify-all"))
    (damaged,) = [job for job in cron.ended(7) if job.code]
    assert (damaged.code, damaged.out) == (12, "")
    assert f"{names[0]} cannot be read" in damaged.err


@needs_cron
def test_a_run_that_overlaps_a_long_one_waits_and_then_gives_up(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cron = Cron(tmp_path_factory.mktemp("cron"))
    line = shop.command("incremental")
    shop.backups.mkdir()
    shop.writers.acquire()  # so that a backup takes as long as we want
    cron.start(line)
    until(lambda: is_held(shop.others))
    cron.start(line, line.replace("--wait 600", "--wait 1"))
    (hasty,) = cron.ended(1)
    assert (hasty.code, hasty.out) == (11, "")
    assert hasty.err == (
        f"error: another backup or prune is under way in {shop.backups}; gave up after 1 s\n"
        "hint: wait longer with --wait SECONDS\n"
    )
    shop.writers.release()
    assert sorted(job.code for job in cron.ended(3)) == [0, 0, 11]
    assert len(shelf.archives(shop.backups)) == 2
    assert shelf.leftovers(shop.backups) == []


@needs_cron
def test_a_run_that_was_killed_stops_none_after_it(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cron = Cron(tmp_path_factory.mktemp("cron"))
    shop.backups.mkdir()
    shop.writers.acquire()
    cron.start(shop.command("full"))
    until(lambda: is_held(shop.others))
    os.kill(holder(shop.others.path), signal.SIGKILL)
    (killed,) = cron.ended(1)
    assert killed.code == 128 + signal.SIGKILL
    shop.writers.release()
    cron.start(shop.command("full").replace("--wait 600", "--wait 0"))
    assert sorted(job.code for job in cron.ended(2)) == [0, 137]
    assert len(shelf.archives(shop.backups)) == 1


@needs_cron
@pytest.mark.deep
def test_a_real_cron_runs_a_line_each_minute_though_the_one_before_goes_on(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cron = Cron(tmp_path_factory.mktemp("cron"))
    shop.backups.mkdir()
    shop.writers.acquire()
    with cron.running(f"* * * * * {shop.command('incremental')}"):
        until(lambda: is_held(shop.others))
        until(lambda: len(cron._jobs()) == 2)
        assert cron.ended(0) == []
        shop.writers.release()
        jobs = cron.ended(2)
    print("".join(f"\n{job.code} {job.err.strip()} ({job.command})" for job in jobs))
    assert [job.code for job in jobs] == [0, 0]
    assert len(shelf.archives(shop.backups)) == 2
