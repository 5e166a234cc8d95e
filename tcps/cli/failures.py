"""Errors of every kind as ours: whatever went wrong, a user reads one line of it."""

from typer._click.exceptions import ClickException

from tcps.config import debugging
from tcps.errors import InvalidInput, TcpsError


def failure(error: Exception) -> TcpsError:
    """The error as a user meets it; one that nobody foresaw is raised when debugging."""
    if isinstance(error, TcpsError):
        return error
    if isinstance(error, ClickException):
        return _usage(error)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return TcpsError(f"{where}{error.strerror or error}")
    if debugging():
        raise error
    return _unforeseen(error)


def _usage(error: ClickException) -> InvalidInput:
    ctx = getattr(error, "ctx", None)
    hint = f"{ctx.command_path} --help" if ctx is not None else None
    message = error.format_message().strip().rstrip(".")
    return InvalidInput(message[:1].lower() + message[1:], code="usage", hint=hint)


def _unforeseen(error: Exception) -> TcpsError:
    """An error that nobody foresaw: its traceback goes to a file that the message names."""
    import tempfile
    import traceback

    details = "".join(traceback.format_exception(error))
    try:
        with tempfile.NamedTemporaryFile("w", prefix="tcps-", suffix=".log", delete=False) as file:
            file.write(details)
        where = f"details are in {file.name}"
    except OSError:
        where = "TCPS_DEBUG=1 shows the details"
    return TcpsError(
        f"unforeseen {type(error).__name__}: {str(error)[:200] or 'no message'}",
        code="internal_error",
        hint=f"this is a bug in tcps; {where}",
    )
