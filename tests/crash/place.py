"""A folder in memory that is given one content after the other."""

import os
import shutil
import tempfile
from pathlib import Path

from tests.crash.medium import Image
from tests.crash.recorder import INDEX, STORE, Files, laid_out

NOTE = ".tcps/lock"
"""The file that says who holds the writer's lock; its content decides nothing, and makes no state another."""
_MEMORY = Path("/dev/shm")


class Place:
    """A folder and what is known to lie in it, so that the next content costs what differs.

    The store is in the folder `home` of it.
    """

    def __init__(self, home: str = "") -> None:
        self.folder = Path(tempfile.mkdtemp(dir=_MEMORY if _MEMORY.is_dir() else None))
        self.image: Image = {}
        self._root = f"{self.folder}/"
        self._store = os.path.join(self.folder, home, STORE)

    def put(self, image: Image, index: Files) -> None:
        """Make this the folder's content, with these files of the index."""
        gone = [path for path in self.image if path not in image or self._differs(image, path)]
        self.put_index({})
        for path in sorted(gone, reverse=True):
            if self.image[path] is None:
                os.rmdir(self._root + path)
            else:
                os.unlink(self._root + path)
        for path in sorted(path for path in image if path not in self.image or path in gone):
            content = image[path]
            if content is None:
                os.mkdir(self._root + path, 0o700)
            else:
                fd = os.open(self._root + path, os.O_WRONLY | os.O_CREAT, 0o600)
                os.write(fd, content)
                os.close(fd)
        self.image = image
        self.put_index(index)

    def put_index(self, index: Files) -> None:
        """Make these the index's files, and no others."""
        start = f"{self._store}/"
        for name in (INDEX, f"{INDEX}-wal", f"{INDEX}-shm"):
            if os.path.exists(start + name):
                os.unlink(start + name)
        for name, content in index.items():
            Path(start + name).write_bytes(content)

    def learn(self) -> Image:
        """Look at what lies there now."""
        self.image = laid_out(self.folder)
        return self.image

    def remove(self) -> None:
        shutil.rmtree(self.folder)

    def _differs(self, image: Image, path: str) -> bool:
        return image[path] != self.image[path]
