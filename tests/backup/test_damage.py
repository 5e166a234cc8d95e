"""Every flipped byte and every truncation of an archive is found; the gate takes a sample."""

import random
from pathlib import Path

import pytest

from tcps.backup import Archive, UnsoundError
from tcps.backup.verifying import verify_alone
from tcps.store import Store
from tests.backup import shelf
from tests.conftest import DEEP, FixedClock
from tests.store import shop

SEED = 20


@pytest.fixture(params=["full", "incremental"])
def sound(request: pytest.FixtureRequest, store: Store, clock: FixedClock, tmp_path: Path) -> bytes:
    """The bytes of an archive."""
    shop.order(store)
    if request.param == "incremental":
        store.backup(to=tmp_path / "backups")
        shop.receipt(store, shop.sku(store).id)
        store.checkpoint()
        clock.forward(hours=1)
    return store.backup(request.param, to=tmp_path / "backups").path.read_bytes()


def read(tmp_path: Path, content: bytes) -> Archive:
    """Verify an archive with this content."""
    (tmp_path / "one.tar.zst").write_bytes(content)
    archive = shelf.opened(tmp_path / "one.tar.zst")
    verify_alone(archive)
    return archive


def places(count: int, few: int) -> list[int]:
    every = range(count)
    return list(every) if DEEP else sorted(random.Random(SEED).sample(every, min(few, count)))


def test_an_archive_is_sound_under_any_name(tmp_path: Path, sound: bytes) -> None:
    assert read(tmp_path, sound).manifest.to.seq


def test_every_flipped_byte_is_found(tmp_path: Path, sound: bytes) -> None:
    """Format 13.7."""
    for at in places(len(sound), 150):
        for bits in (255, 1 << at % 8):
            changed = sound[:at] + bytes([sound[at] ^ bits]) + sound[at + 1 :]
            with pytest.raises(UnsoundError):
                read(tmp_path, changed)


def test_every_truncation_is_found(tmp_path: Path, sound: bytes) -> None:
    """Format 13.7."""
    for length in places(len(sound), 100):
        with pytest.raises(UnsoundError) as found:
            read(tmp_path, sound[:length])
        assert found.value.finding.class_ in ("TRUNCATED", "UNREADABLE", "DAMAGED"), length


def test_anything_at_the_end_is_found(tmp_path: Path, sound: bytes) -> None:
    """Format 13.7."""
    for more in (b"\0", b"x" * 100, sound):
        with pytest.raises(UnsoundError):
            read(tmp_path, sound + more)
    assert shelf.archives(tmp_path / "backups")
