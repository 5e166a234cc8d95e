"""`tcps backup prune`: what is printed, and how it exits."""

from pathlib import Path

import pytest

from tests.backup import shelf
from tests.cli.conftest import Tcps


@pytest.fixture
def names(tcps: Tcps) -> list[str]:
    """A full archive with an incremental one on it, twice."""
    for more in ((), ("--incremental",)) * 2:
        tcps("work-order", "create", "--title", "one")
        assert tcps("backup", "create", "--to", "backups", *more).code == 0
    return shelf.archives(Path("backups"))


def test_a_dry_run_says_why_each_archive_is_kept(tcps: Tcps, names: list[str]) -> None:
    done = tcps("backup", "prune", "--to", "backups", "--keep-last", "1", "--dry-run")
    assert (done.code, done.err) == (0, "dry run: nothing was changed\n")
    title, _, heading, columns, *rows = done.out.splitlines()
    size = sum((Path("backups") / name).stat().st_size for name in names[:2])
    assert title == f"2 archives ({size} bytes) would go, 2 kept"
    assert (heading, columns.split()) == ("Archives", ["archive", "bytes", "kept", "for"])
    assert [row.split(maxsplit=2)[::2] for row in rows] == [
        [names[0], "nothing: it would go"],
        [names[1], "nothing: it would go"],
        [names[2], f"needed by {names[3]}, newest good full one"],
        [names[3], "last, newest that can be restored"],
    ]
    assert shelf.archives(Path("backups")) == names


def test_a_run_is_one_line_for_a_log_or_one_document(tcps: Tcps, names: list[str]) -> None:
    done = tcps("backup", "prune", "--to", "backups", "--keep-last", "1", "--json")
    assert (done.code, done.err) == (0, "")
    report = done.json
    assert [report[name] for name in ("dry_run", "kept", "removed")] == [False, 2, 2]
    assert [(row["archive"], row["kept"]) for row in report["archives"]] == [
        (name, n > 1) for n, name in enumerate(names)
    ]
    assert report["archives"][3]["reasons"] == ["last", "newest that can be restored"]
    assert shelf.archives(Path("backups")) == names[2:]
    again = tcps("backup", "prune", "--to", "backups", "--keep-last", "1")
    assert again == (0, "0 archives (0 bytes) removed, 2 kept\n", "")
    assert tcps("backup", "prune", "--to", "backups", "--keep-last", "1", "--quiet") == (0, "", "")


def test_what_is_left_alone_is_said(tcps: Tcps, names: list[str]) -> None:
    (Path("backups") / names[0]).write_text("garbage")
    done = tcps("backup", "prune", "--to", "backups", "--keep-last", "1", "--quiet")
    assert (done.code, done.out) == (0, "")
    assert done.err == f"warning: {names[0]} cannot be read: it does not begin as an archive does\n"
    assert shelf.archives(Path("backups")) == names


def test_a_policy_that_keeps_nothing_is_refused(tcps: Tcps, names: list[str]) -> None:
    for options in ((), ("--keep-last", "0"), ("--keep-daily", "-1")):
        done = tcps("backup", "prune", "--to", "backups", *options)
        assert (done.code, done.out) == (2, "")
        assert "--keep-" in done.err
    assert shelf.archives(Path("backups")) == names


def test_where_none_can_be_restored_it_exits_with_12(tcps: Tcps, names: list[str]) -> None:
    for name in names[::2]:
        path = Path("backups") / name
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    done = tcps("backup", "prune", "--to", "backups", "--keep-last", "1", "--json")
    assert (done.code, done.error["code"]) == (12, "integrity_error")
    assert shelf.archives(Path("backups")) == names
