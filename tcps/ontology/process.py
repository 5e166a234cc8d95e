"""The process that answers queries (`worker`), from this side: started, asked, ended after too long."""

import ast
import contextlib
import os
import select
import sys
import time
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tcps.model import Json

if TYPE_CHECKING:
    from subprocess import Popen

_WORKER = Path(__file__).with_name("worker.py")
_AT_ONCE = 1 << 20


class Worker:
    """One process for queries on one graph. Started early, it is ready when the graph is; one that is kept
    answers the next query on the same graph at once. It does not outlive an error."""

    def __init__(self) -> None:
        import subprocess

        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_WORKER), *(place for place in sys.path if place)],
            stdin=pipe,
            stdout=pipe,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={},
            bufsize=0,
        )
        self._end = weakref.finalize(self, _end, self._process)
        assert self._process.stdin
        assert self._process.stdout
        self._into, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._into, False)
        self._setup = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def serves(self, setup: str) -> bool:
        """Whether it is alive, and has no graph yet or this one."""
        return self._setup in ("", setup) and self._process.poll() is None

    def close(self) -> None:
        """End the process, as happens to one that is forgotten."""
        self._end()

    def answer(self, setup: str, request: str, seconds: float) -> tuple[Json, bytes]:
        """What it tells of a request to the graph of a set-up, and its answer. Raises TimeoutError."""
        end = time.monotonic() + seconds
        frames = [request] if self._setup else [setup, request]
        self._setup = setup
        try:
            for frame in frames:
                content = frame.encode()
                self._send(len(content).to_bytes(8) + content, end)
            told = ast.literal_eval(self._frame(end).decode())
            return told, self._frame(end)
        except (BrokenPipeError, EOFError):
            self._process.wait()
            return {"failed": "memory" if self._process.returncode in (-6, -9) else "ended"}, b""

    def _send(self, data: bytes, end: float) -> None:
        rest = memoryview(data)
        while rest:
            _wait(self._into, select.POLLOUT, end)
            with contextlib.suppress(BlockingIOError):
                rest = rest[os.write(self._into, rest) :]

    def _frame(self, end: float) -> bytes:
        return self._read(int.from_bytes(self._read(8, end)), end)

    def _read(self, count: int, end: float) -> bytes:
        found = bytearray()
        while len(found) < count:
            _wait(self._from, select.POLLIN, end)
            piece = os.read(self._from, min(count - len(found), _AT_ONCE))
            if not piece:
                raise EOFError
            found += piece
        return bytes(found)


def _end(process: "Popen[bytes]") -> None:
    with contextlib.suppress(OSError):
        process.kill()
    process.__exit__(None, None, None)


def _wait(descriptor: int, event: int, end: float) -> None:
    """Until something can be read or written, or the other side has gone. Raises TimeoutError."""
    poll = select.poll()
    poll.register(descriptor, event)
    if not poll.poll(max(0.0, end - time.monotonic()) * 1000):
        raise TimeoutError
