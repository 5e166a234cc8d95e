"""What a user keeps outside of every store: keys, pinned keys, and the newest checkpoint seen of each store.

```text
keys/NAME+ID.key     a signing key, secret
keys/NAME+ID.vkey    a pinned key: a store of this name must be signed by it
anchors/ORIGIN       the newest checkpoint that a clean verification saw
```

Names and origins are percent-encoded.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from tcps.errors import InvalidInput, Undecided
from tcps.files import Disk
from tcps.keys import SigningKey, VerifierKey
from tcps.locks import lock
from tcps.merkle import Checkpoint, Signed
from tcps.merkle.notes import decoded

K = TypeVar("K")
_WAIT_SECONDS = 10.0


class Home:
    """One user's folder; nothing is made before something is kept in it."""

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        self.folder = folder
        self.disk = disk or Disk()

    def keep(self, key: SigningKey) -> Path:
        """Keep a signing key and pin its public half; gives the secret file's path."""
        path = self._key_file(key.verifier(), "key")
        self._write(path, key.text())
        self.pin(key.verifier())
        return path

    def pin(self, key: VerifierKey) -> Path:
        """Pin a key: from now on its store is not intact without its signature."""
        path = self._key_file(key, "vkey")
        self._write(path, key.text())
        return path

    def unpin(self, key: VerifierKey) -> None:
        """Pin it no longer."""
        self.disk.remove(self._key_file(key, "vkey"))

    def signing_keys(self) -> list[SigningKey]:
        """Every signing key. Raises Undecided when one cannot be read."""
        return self._keys(".key", SigningKey.parsed)

    def pinned(self, name: str | None = None) -> list[VerifierKey]:
        """The pinned keys of a name, or (None) all. Raises Undecided when one cannot be read."""
        return [key for key in self._keys(".vkey", VerifierKey.parsed) if name in (None, key.name)]

    def remembered(self, origin: str) -> Checkpoint | None:
        """The newest checkpoint that a clean verification saw. Raises Undecided when it cannot be read."""
        path = self.anchor_file(origin)
        self._require_folder(path.parent)
        content = self.disk.read(path)
        try:
            if content is None and os.path.lexists(path) and not path.is_file():
                raise ValueError("it is no plain file, nor a link to one")
            return None if content is None else Signed.parsed(content).checkpoint
        except ValueError as error:
            raise _unreadable(path, error) from None

    def remember(self, checkpoint: Checkpoint, *, also_older: bool = False) -> None:
        """Remember a checkpoint in place of an older one; `also_older` in place of any."""
        path = self.anchor_file(checkpoint.origin)
        self.disk.make_dirs(path.parent)
        held = lock(self.folder / "lock", _WAIT_SECONDS, self.disk)
        held.acquire()
        try:
            known = self.remembered(checkpoint.origin)
            if known is None or known.size < checkpoint.size or (also_older and known != checkpoint):
                self.disk.replace_durably(path, checkpoint.text().encode())
        finally:
            held.close()

    def anchor_file(self, origin: str) -> Path:
        """Where the anchor of a store is."""
        return self.folder / "anchors" / quote(origin, safe="")

    def _key_file(self, key: VerifierKey, suffix: str) -> Path:
        return self.folder / "keys" / f"{quote(key.name, safe='')}+{key.key_id.hex()}.{suffix}"

    def _write(self, path: Path, text: str) -> None:
        self.disk.make_dirs(path.parent)
        self.disk.replace_durably(path, f"{text}\n".encode())

    def _require_folder(self, folder: Path) -> None:
        """Raise Undecided where something else stands, as a link to a disk that is not there: not nothing."""
        for one in (self.folder, folder):
            if os.path.lexists(one) and not one.is_dir():
                raise _unreadable(one, "it is no folder, nor a link to one")

    def _keys(self, suffix: str, parse: Callable[[str], K]) -> list[K]:
        self._require_folder(self.folder / "keys")
        paths = [self.folder / "keys" / name for name in self.disk.names(self.folder / "keys")]
        keys = []
        for path in paths:
            if path.suffix == suffix and not path.name.startswith("."):
                try:
                    keys.append(parse(decoded(self.disk.read(path) or b"").removesuffix("\n")))
                except (ValueError, InvalidInput) as error:
                    raise _unreadable(path, error) from None
        return keys


def _unreadable(path: Path, error: Exception | str) -> Undecided:
    return Undecided(f"{path} cannot be read: {error}", details={"path": str(path)})
