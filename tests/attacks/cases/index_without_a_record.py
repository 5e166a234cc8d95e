"""The index forgets a work order, so that no list has it."""

import sqlite3
from contextlib import closing

from tests.attacks.scene import Scene
from tests.attacks.table import found

LEDGER = found("EDITED")
IN_CHAINS = False


def attack(scene: Scene) -> None:
    with closing(sqlite3.connect(scene.root / "index.sqlite")) as db, db:
        for table in ("record", "work_order"):
            db.execute(f"DELETE FROM {table} WHERE id='WO-1'")
