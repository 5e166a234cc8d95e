"""How far a backup, its proof or a prune has come is shown on a terminal, and never in a log."""

from pathlib import Path

import pytest

from tcps.store import Store
from tests.cli.conftest import Tcps, process
from tests.cli.test_progress import on_a_terminal

CREATE = ("backup", "create", "--to", "backups")
VERIFY = ("backup", "verify", "--to", "backups")
PRUNE = ("backup", "prune", "--to", "backups", "--keep-last", "1")


@pytest.fixture
def bulky(tcps: Tcps, tmp_path: Path) -> Path:
    """A store whose ledger has more than 4 MiB, with two archives."""
    with Store.open(tmp_path, actor="alice") as store:
        with store.batch():
            for number in range(70):
                store.store_work_order({"title": f"{number}", "description": "x" * 65_000})
        for _ in range(2):
            store.backup(to=tmp_path / "backups")
    return tmp_path


@pytest.mark.parametrize(
    ("command", "shown"), [(CREATE, "writing"), (VERIFY, "verifying"), (PRUNE, "verifying")]
)
def test_progress_is_shown_on_a_terminal_alone(bulky: Path, command: tuple[str, ...], shown: str) -> None:
    options = ("--dry-run",) if command is PRUNE else ()
    assert shown not in on_a_terminal(bulky, *command, *options, "-q")[2]
    assert shown in on_a_terminal(bulky, *command, *options)[2]
    done = process(bulky, *command)
    assert (done.code, done.err) == (0, "")
