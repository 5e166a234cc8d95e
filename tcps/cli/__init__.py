"""The command line: parse, one call of a use case, one call of `render`."""

import contextlib
import gc
import os
import sys
from typing import NoReturn

from tcps import __version__


def main() -> None:
    """Run the command of `sys.argv` and exit with its code (interface 2)."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:  # nothing else needs to be imported for it
        print(f"tcps {__version__}")
        return
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
    with contextlib.suppress(BrokenPipeError):
        sys.stderr.flush()
    os._exit(code)
