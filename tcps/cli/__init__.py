"""The command line: parse, one call of a use case, one call of `render`."""

import os
import sys

from tcps import __version__


def main() -> None:
    """Run the command of `sys.argv` and exit with its code (interface 2)."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:  # nothing else needs to be imported for it
        print(f"tcps {__version__}")
        return
    from tcps.cli.root import run

    code = run(arguments)
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has gone; as other programs do
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    sys.exit(code)
