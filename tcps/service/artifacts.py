"""Files that a run names: as artifacts, and reports as the bytes that are read and digested at once."""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from tcps.canonical import sha256_hex
from tcps.errors import TcpsError, invalid_field
from tcps.model import Artifact
from tcps.model.text import required


def artifact(path: str) -> Artifact:
    """A plain file as an artifact: its name, SHA-256 and size, read in blocks.

    Raises `storage_error` when it cannot be read, InvalidInput when it is no plain file.
    """
    with _opened("artifact", path) as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return Artifact(name=_name("artifact", path), sha256=sha256, size=file.tell())


def report(option: str, path: str, limit: int) -> tuple[Artifact, bytes]:
    """A report as an artifact, and the bytes that its digest is of.

    Raises as `artifact` does, and InvalidInput (`too_large`) when it has more bytes than `limit`.
    """
    with _opened(option, path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise invalid_field(option, f"{path} has more than {limit} bytes", "too_large")
    return Artifact(name=_name(option, path), sha256=sha256_hex(content), size=len(content)), content


def _name(option: str, path: str) -> str:
    """The file's name as a receipt keeps it: text, which a file system does not ask for."""
    return required(option, Path(path).name, "an artifact")


@contextmanager
def _opened(option: str, path: str) -> Iterator[BufferedReader]:
    """A plain file for reading. Nobody is waited for, whatever it is."""
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise invalid_field(option, f"{path} is not a plain file")
            yield file
    except OSError as error:
        raise TcpsError(f"cannot read {option} {path}: {error.strerror}") from error


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)
