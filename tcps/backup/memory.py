"""What this machine remembers of encrypted archives that it made: their manifests (format 13.9).

So the next incremental archive can go on from them where nobody can open them. Nothing in it is not in the
store, too; without it a full archive is made.
"""

from collections.abc import Set as AbstractSet
from pathlib import Path

from tcps.backup.manifest import MANIFEST_BYTES
from tcps.files import Disk


class Memory:
    """The manifests of the archives of one place, each under the archive's name and size."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self._folder = folder
        self._disk = disk

    def recall(self, name: str, size: int) -> bytes | None:
        """The manifest of an archive; None when it is not known, or the archive has another size."""
        return self._disk.read_plain(self._folder / _file(name, size), MANIFEST_BYTES)

    def note(self, name: str, size: int, manifest: bytes, there: AbstractSet[str]) -> None:
        """Remember a manifest, and forget those of archives that are not `there` any longer."""
        for one in self._disk.names(self._folder):
            if one.rpartition(".")[0] not in there - {name}:
                self._disk.remove(self._folder / one)
        self._disk.make_dirs(self._folder)
        self._disk.replace_durably(self._folder / _file(name, size), manifest)


def _file(name: str, size: int) -> str:
    return f"{name}.{size}"
