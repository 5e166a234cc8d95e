"""Backups while eight processes write: each is consistent, holds what was acknowledged, and is restored.

The deep run takes three hundred: `TCPS_DEEP=1 pytest tests/backup/test_load.py -s`.
"""

import random
import shutil
import time
from pathlib import Path

from tcps.backup import Folder, Shelf, verify
from tcps.ledger import Line, parse_line
from tcps.store import Store
from tests.backup import shelf
from tests.conftest import DEEP
from tests.store import shop
from tests.store.test_kills import WRITERS, Writers

COUNT = 300 if DEEP else 6


def ids(content: bytes) -> set[str]:
    """The records that ledger lines speak of."""
    lines = content.split(b"\n")[:-1]
    return {change.id for line in lines for change in parse_line(Line(1, 0, line), None).changes}


def test_each_backup_holds_what_was_acknowledged_before_it_began(tmp_path: Path) -> None:
    """Format 13.5."""
    folder, chance = tmp_path / "backups", random.Random(5)
    with Store.create(tmp_path, actor="alice") as store:
        shop.sku(store)
        writers, begun = Writers(tmp_path, 5), list[tuple[str, set[str]]]()
        try:
            deadline = time.monotonic() + 60
            while len(writers.acknowledged()) < WRITERS and time.monotonic() < deadline:
                time.sleep(0.05)
            for n in range(COUNT):
                before = set(writers.acknowledged())
                made = store.backup("full" if n % 5 == 0 else "incremental", to=folder)
                assert (made.reason, made.warning) == (None, None)
                begun.append((str(made.name), before))
                time.sleep(chance.uniform(0, 0.3))
                if n % 3 == 2:
                    writers.kill_one(chance)
        finally:
            writers.end()
        assert store.notices == []
    held: set[str] = set()
    for (name, before), verdict in zip(begun, _verdicts(folder, begun), strict=True):
        assert verdict == []
        held = (set() if "-full-" in name else held) | ids(shelf.lines(folder / name))
        assert before <= held, f"{name} lacks what was acknowledged"
        restored(folder / name, tmp_path / "restored", held)
    print(f"\n{COUNT} backups, {len(held)} records in the last")


def restored(archive: Path, place: Path, held: set[str]) -> None:
    """Restore an archive: the store is intact, holds these records, and can be written to."""
    done = Store.restore(archive, place)
    assert done.report.intact
    assert ids(shelf.ledger(place)) == held
    with Store.open(place, actor="bob") as store:
        shop.order(store)
        assert shop.classes(store) == set()
    shutil.rmtree(place)


def _verdicts(folder: Path, begun: list[tuple[str, set[str]]]) -> list[list[str]]:
    found = verify(Shelf(Folder(folder)), [name for name, _ in begun])
    return [[finding.message for finding in one.findings] for one in found]
