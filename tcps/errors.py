"""The error tree of tcps: every failure that a caller can meet, with a stable code and exit code.

::

    TcpsError              exit 1   storage_error, internal_error
    ├── InvalidInput       exit 2   missing_required_field, invalid_*, too_large, reserved_id, ...
    ├── Refused            exit 3   wip_limit, gate_failed, blocked_by_andons, invalid_transition, ...
    ├── NotFound           exit 4   not_found
    ├── Conflict           exit 5   stale_revision, duplicate_id
    ├── NoStore            exit 10  no_store
    ├── LockTimeout        exit 11  lock_timeout
    ├── IntegrityError     exit 12  integrity_error
    └── Undecided          exit 13  unreadable, format_too_new

An error is one sentence for a person (`message`), a stable word for a program (`code`), an optional
next step (`hint`) and the values it speaks of (`details`, JSON-ready). The codes are those of the
domain reference, section 15.
"""

import contextlib
import errno
from collections.abc import Iterator
from typing import Any, ClassVar

Details = dict[str, Any]
_WRITING = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
"""What only a write can meet: a repair that fails for it is a failure, not doubt."""


class TcpsError(Exception):
    """Root of the tree: an operation failed, nothing was half done."""

    exit_code: ClassVar[int] = 1
    default_code: ClassVar[str] = "storage_error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        hint: str | None = None,
        details: Details | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.hint = hint
        self.details: Details = details or {}

    def as_json(self) -> Details:
        """The error as interface.md section 2 prints it: code, message, then hint and details if any."""
        body: Details = {"code": self.code, "message": self.message}
        if self.hint:
            body["hint"] = self.hint
        if self.details:
            body["details"] = self.details
        return {"error": body}


class InvalidInput(TcpsError):
    """What the caller gave cannot be meant: a wrong type, name, pattern, or over a limit."""

    exit_code = 2
    default_code = "invalid_field"


class Refused(TcpsError):
    """A rule of production says no; the code names the rule."""

    exit_code = 3
    default_code = "invalid_transition"


class NotFound(TcpsError):
    """No such record or edge."""

    exit_code = 4
    default_code = "not_found"


class Conflict(TcpsError):
    """Somebody else was first: the record changed since it was read, or the id is taken."""

    exit_code = 5
    default_code = "stale_revision"


class NoStore(TcpsError):
    """There is no store where one was looked for."""

    exit_code = 10
    default_code = "no_store"


class LockTimeout(TcpsError):
    """Another writer held the store for longer than the caller would wait."""

    exit_code = 11
    default_code = "lock_timeout"


class IntegrityError(TcpsError):
    """Stored bytes are not what the ledger says they are: damage or tampering."""

    exit_code = 12
    default_code = "integrity_error"


class Undecided(TcpsError):
    """No verdict is possible: something needed is unreadable or of a newer format."""

    exit_code = 13
    default_code = "unreadable"


@contextlib.contextmanager
def deciding() -> Iterator[None]:
    """A file that cannot be read leaves whoever asks for a verdict without one (exit 13)."""
    try:
        yield
    except TcpsError as error:
        if error.code != TcpsError.default_code or error.details.get("errno") in (None, *_WRITING):
            raise
        message = f"no verdict: {error.message}"
        raise Undecided(message, hint=error.hint, details=error.details) from error


def missing(fields: list[str], what: str) -> InvalidInput:
    """The error for absent or blank required fields, all of them named."""
    names = ", ".join(fields)
    return InvalidInput(f"{what} needs {names}", code="missing_required_field", details={"fields": fields})


def invalid_field(field: str, why: str, code: str = "invalid_field") -> InvalidInput:
    """The error for one field with a wrong value; `why` completes the sentence `FIELD ...`."""
    return InvalidInput(f"{field} {why}", code=code, details={"fields": [field]})


def not_found(kind: str, record_id: str) -> NotFound:
    """The error for an id that names nothing."""
    return NotFound(
        f"there is no {kind.replace('_', ' ')} {record_id}", details={"kind": kind, "id": record_id}
    )
