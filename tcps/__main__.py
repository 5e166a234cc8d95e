"""`python -m tcps`, and the command `tcps`. Signals come first: one may come while the rest is imported."""

import os
import signal
from typing import NoReturn


def _end(number: int, _: object) -> NoReturn:
    """End at once with 128 and the signal's number: a store is as safe from that as from a power cut."""
    os._exit(128 + number)


for _number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    if signal.getsignal(_number) is not signal.SIG_IGN:  # as nohup and a shell's `&` have it
        signal.signal(_number, _end)

from tcps.cli import main  # noqa: E402

if __name__ == "__main__":
    main()
