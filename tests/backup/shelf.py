"""What the tests of backups share: archives in a folder, and ways to look at them."""

import io
import tarfile
from pathlib import Path

import zstandard

from tcps.backup import Archive, Folder, Made, Shelf
from tests.store import shop


def archives(folder: Path) -> list[str]:
    """The names of the archives, the oldest first."""
    return [str(name) for name in Folder(folder).names()]


def leftovers(folder: Path) -> list[str]:
    """What lies in the folder beside archives and locks."""
    known = {*archives(folder)}
    return [path.name for path in folder.iterdir() if path.name not in known and path.suffix != ".lock"]


def opened(path: Path) -> Archive:
    return Shelf(Folder(path.parent)).archive(path.name)


def archive(made: Made) -> Archive:
    return opened(made.path)


def members(path: Path) -> dict[str, bytes]:
    """Every member, as the standard library reads it."""
    content = path.read_bytes()
    if path.suffix == ".zst":
        content = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(content)).read()
        mode = "r:"
    else:
        mode = "r:gz"
    with tarfile.open(fileobj=io.BytesIO(content), mode=mode) as tar:
        found = tar.getmembers()
        assert all(one.isreg() for one in found)
        files = [(one.name, tar.extractfile(one)) for one in found]
        return {name: file.read() for name, file in files if file is not None}


def unpacked(place: Path, *paths: Path) -> Path:
    """A store made of the archives of a chain, the oldest first, without the record files."""
    for path in paths:
        for member, pieces in opened(path).members():
            block = member.first is not None
            target = place / ".tcps" / ("ledger/000000000001.jsonl" if block else member.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            with open(target, "ab" if block else "wb") as file:
                file.writelines(pieces)
    return place


def lines(path: Path) -> bytes:
    """The ledger lines that an archive holds."""
    found = opened(path)
    others = [one.path for one in found.manifest.members if one.first is None]
    return b"".join(b"".join(pieces) for _, pieces in found.members(others))


def ledger(place: Path) -> bytes:
    return b"".join(path.read_bytes() for path in shop.segments(place))
