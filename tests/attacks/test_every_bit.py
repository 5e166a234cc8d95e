"""Every bit, every cut, every removal (format 1.2): each is found, or is on the list of what is silent."""

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tcps.cli.root import run
from tcps.errors import TcpsError
from tcps.verify import Trust
from tests.attacks import stores
from tests.attacks.silent import SILENT, Change, silent
from tests.conftest import DEEP
from tests.store import shop

ADDED = (b"\0", b"\0" * 4096, b"x", b"\n", b"garbage\n")


class Scene(NamedTuple):
    """A store, its files, and what its user has pinned."""

    folder: Path
    files: dict[str, bytes]
    trust: Trust


@pytest.fixture
def scene(quick_path: Path) -> Scene:
    key = stores.every_kind(quick_path)
    for index in (quick_path / ".tcps").glob("index.sqlite*"):
        index.unlink()
    return Scene(quick_path, stores.files(quick_path), Trust([key.verifier()]))


def is_found(scene: Scene) -> bool:
    """Whether a verification has a finding, or ends in the error that is right for such a store."""
    try:
        with shop.opened(scene.folder) as store:
            return not store.verify_integrity(trust=scene.trust).intact
    except TcpsError as error:
        if error.exit_code not in (12, 13):
            raise
        return True


def chosen(path: str, count: int, least: int, share: int) -> Iterator[int]:
    """Numbers below `count`: all in the deep run, else `least` and one in `share`."""
    some = min(count, least + count // share)
    yield from range(count) if DEEP else sorted(random.Random(path).sample(range(count), some))


def changes(path: str, content: bytes) -> Iterator[tuple[str, bytes | None]]:
    """What is done to a file, by name, and what it holds then."""
    for bit in chosen(path, len(content) * 8, 20, 250):
        yield "flipped", flipped(content, bit)
    for length in chosen(path, len(content), 8, 150):
        yield "cut", content[:length]
    for more in (content, *ADDED):
        yield "doubled", content + more
    yield "removed", None


def flipped(content: bytes, bit: int) -> bytes:
    """The content with one bit of it changed."""
    byte = content[bit // 8] ^ 1 << bit % 8
    return content[: bit // 8] + bytes([byte]) + content[bit // 8 + 1 :]


def test_a_store_that_nobody_has_touched_is_intact(scene: Scene) -> None:
    assert not is_found(scene)
    parts = (path.split("/") for path in scene.files)
    kinds = {part[1] if part[0] == "records" else "/".join(part[:-1]) or part[0] for part in parts}
    assert {kind.split("/2024")[0] for kind in kinds} == {
        "store.json", "lock", "records.lock", "checkpoint", "checkpoints", "ledger", "ledger/torn",
        "quarantine", "work_orders", "andon_events", "analyses", "skus", "policy.json",
    }  # fmt: skip


def test_every_change_of_a_file_is_found_or_is_known_to_be_silent(scene: Scene) -> None:
    tried: Counter[str] = Counter()
    quiet: Counter[str] = Counter()
    wrong = []
    for path, before in scene.files.items():
        file = scene.folder / ".tcps" / path
        for name, after in changes(path, before):
            file.unlink() if after is None else file.write_bytes(after)
            known, tried[name] = silent(Change(scene.files, path, after)), tried[name] + 1
            if known is not None:
                quiet[f"{known.file}: {known.change}"] += 1
            if is_found(scene) == (known is not None):
                wrong.append((path, name, after))
            file.write_bytes(before)
    print(f"\ntried {tried.total()}: {dict(tried)}\nsilent {quiet.total()}: {dict(quiet)}")
    assert wrong == []
    assert not is_found(scene)
    assert {f"{one.file}: {one.change}" for one in SILENT if "index" not in one.file} >= quiet.keys()


def test_a_command_ends_with_the_right_code_and_never_with_a_traceback(
    scene: Scene, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TCPS_HOME", str(scene.folder / "home"))
    verify = ["verify", "--store", str(scene.folder), "--key", scene.trust.keys[0].text()]
    chance = random.Random(11)
    for path, before in scene.files.items():
        for _ in range(40 if DEEP else 3):
            after = flipped(before, chance.randrange(len(before) * 8))
            (scene.folder / ".tcps" / path).write_bytes(after)
            code = run(verify)
            out, err = capfd.readouterr()
            assert "Traceback" not in out + err
            quiet = silent(Change(scene.files, path, after)) is not None
            assert (code in (12, 13)) != quiet, (path, after, code, out, err)
            assert quiet or out.splitlines()[-1:] == [] or out.splitlines()[-1].startswith("broken")
            (scene.folder / ".tcps" / path).write_bytes(before)
