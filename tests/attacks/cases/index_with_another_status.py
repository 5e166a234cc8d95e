"""The index has another status of a work order than the ledger, in its own indexes too."""

import sqlite3
from contextlib import closing

from tests.attacks.scene import Scene
from tests.attacks.table import unseen

LEDGER = unseen(
    "no verdict rests on the index (format 10.3), and its columns are not compared; it can be made anew"
)


def attack(scene: Scene) -> None:
    with closing(sqlite3.connect(scene.root / "index.sqlite")) as db, db:
        db.execute("UPDATE work_order SET status='cancelled' WHERE id='WO-1'")
