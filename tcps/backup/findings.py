"""What can be wrong with an archive, each with a class of its own (format 13.8)."""

from typing import Any, ClassVar

from tcps.errors import IntegrityError, Undecided
from tcps.rules.findings import Finding

IDENTITY_HINT = "name the file that opens it with --identity FILE or TCPS_BACKUP_IDENTITY"


class UnsoundError(IntegrityError):
    """An archive, or a chain of them, that is not what a backup writes; `finding` says what is wrong."""

    kind: ClassVar[str] = "integrity"

    def __init__(self, class_: str, message: str, path: str, hint: str | None = None, **values: Any) -> None:
        super().__init__(message, hint=hint, details={"class": class_, "path": path})
        self.finding = Finding(kind=self.kind, class_=class_, path=path, message=message, **values)
        self._given = (class_, message, path, hint)
        self._values = values

    def __reduce__(self) -> Any:
        """How a process that verifies a part tells another one."""
        return _remade, (type(self), self._given, self._values)


class UnjudgedError(UnsoundError):
    """An archive that could not be looked at, for a reason outside of it."""

    exit_code = Undecided.exit_code
    default_code = Undecided.default_code
    kind = "undecided"


def _remade(
    type_: type[UnsoundError], given: tuple[str, str, str, str | None], values: dict[str, Any]
) -> UnsoundError:
    return type_(*given, **values)


def truncated(archive: str, why: str) -> UnsoundError:
    """It ends before its end."""
    return UnsoundError("TRUNCATED", f"{archive} ends before its end: {why}", archive)


def damaged(archive: str, why: object) -> UnsoundError:
    """Its bytes are not those that were written."""
    return UnsoundError("DAMAGED", f"{archive} is damaged: {why}", archive)


def malformed(archive: str, why: object) -> UnsoundError:
    """It is whole and says what no backup writes."""
    return UnsoundError("MALFORMED", f"{archive} is not what a backup writes: {why}", archive)


def too_new(archive: str, found: object, known: int) -> UnsoundError:
    """It has a format that this program does not know."""
    message = f"{archive} has the archive format {found}; this program knows {known}"
    return UnjudgedError("TOO_NEW", message, archive, expected=known, got=found)


def unreadable(archive: str, why: object, *, undecided: bool = False) -> UnsoundError:
    """There is nothing that could be read; undecided when that is for a reason outside of it."""
    type_ = UnjudgedError if undecided else UnsoundError
    return type_("UNREADABLE", f"{archive} cannot be read: {why}", archive)


def encrypted(archive: str, why: str) -> UnsoundError:
    """It may be sound; whoever looks cannot open it."""
    return UnjudgedError("ENCRYPTED", f"{archive} is encrypted: {why}", archive, IDENTITY_HINT)


def member(class_: str, archive: str, path: str, why: str, **values: Any) -> UnsoundError:
    """One of its members is not what it must be; `why` completes the sentence `MEMBER ...`."""
    shown = path if path.isprintable() else ascii(path)
    return UnsoundError(class_, f"{shown} in {archive} {why}", f"{archive}/{shown}", **values)


def edited(archive: str, seq: int, why: object) -> UnsoundError:
    """A ledger line that no writer has written."""
    message = f"ledger entry {seq} in {archive} cannot be one: {why}"
    return UnsoundError("EDITED", message, archive, sequence=seq)


def forked(archive: str, seq: int, expected: str, got: str) -> UnsoundError:
    """Lines that are not those of the tree that the manifest, or a parent, names."""
    message = f"the ledger of {archive} is not the one whose root at entry {seq} it names"
    return UnsoundError("FORKED", message, archive, sequence=seq, expected=expected, got=got)


def foreign(archive: str, found: str, expected: str) -> UnsoundError:
    """An archive of another store."""
    message = f"{archive} is of the store {found}, not of {expected}"
    return UnsoundError("FOREIGN", message, archive, expected=expected, got=found)


def missing_parent(archive: str, digest: str) -> UnsoundError:
    """An incremental archive whose parent is not there."""
    message = (
        f"{archive} goes on from an archive that is not there or cannot be read; its manifest is {digest}"
    )
    return UnsoundError("MISSING", message, archive, expected=digest)


def gap(archive: str, parent: str, expected: object, got: object) -> UnsoundError:
    """An incremental archive that does not begin where its parent ends."""
    message = f"{archive} goes on from entry {got}; its parent {parent} ends at {expected}"
    return UnsoundError("GAP", message, archive, expected=expected, got=got)


def rests(archive: str, error: UnsoundError) -> UnsoundError:
    """An archive that goes on from one that is not sound."""
    type_ = UnjudgedError if isinstance(error, UnjudgedError) else UnsoundError
    return type_("PARENT", f"{archive} rests on another one: {error.message}", archive, error.hint)


def misfiled(archive: str, store_id: str, seq: int, kind: str) -> UnsoundError:
    """An archive under the name of another one."""
    message = f"{archive} is the {kind} archive of {store_id} up to entry {seq}"
    return UnsoundError("MISFILED", message, archive)
