"""The command line: parse, one call of a use case, one call of `render`."""

import contextlib
import gc
import os
import sys
from typing import NoReturn

from tcps import __version__


def main() -> None:
    """Run the command of `sys.argv` and exit with its code (interface 2)."""
    _complete_streams()
    arguments = sys.argv[1:]
    if arguments == ["--version"]:  # nothing else needs to be imported for it
        leave(_version())
    gc.disable()  # importing makes many objects and no garbage
    from tcps.cli.root import run

    gc.freeze()
    gc.enable()
    leave(run(arguments))


def leave(code: int) -> NoReturn:
    """End the process at once: what it opened is closed, and the interpreter's own farewell takes 15 ms."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has gone; as other programs do
        code = 141
    except OSError as error:
        code = code or _not_written(error)
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    os._exit(code)


def _version() -> int:
    try:
        print(f"tcps {__version__}")
    except BrokenPipeError:
        return 141
    except OSError as error:
        return _not_written(error)
    return 0


def _not_written(error: OSError) -> int:
    """Say that the result could not be shown; gives the exit code."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"error: cannot write the output: {error.strerror}; what was done is done\n")
    return 1


def _complete_streams() -> None:
    """Open what the caller has closed, so that no file takes its place; escape what it cannot show."""
    for fd, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            while os.open(os.devnull, os.O_RDWR) < fd:
                pass
            setattr(sys, name, os.fdopen(fd, mode, closefd=False))
        elif mode == "w":
            stream.reconfigure(errors="backslashreplace")
