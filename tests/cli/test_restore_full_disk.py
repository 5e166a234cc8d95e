"""A restore on a real disk that is full, to any degree, leaves the store as it was (format 14.2)."""

from pathlib import Path

from tests.cli.conftest import Tcps
from tests.cli.every import READS
from tests.cli.test_full_disk import FILES, PAGES, Disk, disk, small_disk, told
from tests.store import shop
from tests.store.faults import places

__all__ = ["disk", "small_disk"]


def test_a_restore_on_a_full_disk_is_done_or_leaves_the_store(disk: Disk, bare: Tcps, tmp_path: Path) -> None:
    archive = bare("backup", "create", "--to", str(tmp_path / "backups"), "--json").json["path"]
    failed = 0
    for what, most in (("pages", 3 * PAGES), ("files", 4 * FILES)):
        for room in [0, *places(most, few=4)]:
            before = disk.reset("restore")
            disk.fill(**{what: room})
            done = bare("restore", archive, "--force")
            failed += done.code != 0
            told(done, "No space left", "full", "free space")
            beside = [path.name for path in disk.place.iterdir() if path.name.startswith(".tcps.")]
            if done.code:
                assert beside == []
                assert bare(*READS["list"]).code == 0
            disk.free()
            assert shop.contents(disk.place) == before
            assert bare("verify").code == 0
            assert bare("work-order", "create", "--title", "after").code == 0
    assert failed
    print(f"\nrestore: {failed} failed")
