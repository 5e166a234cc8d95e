"""An object store that speaks S3, as a process of its own, and a wire to it that can break or fall silent."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sysconfig
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

KEY, SECRET = "AKIATESTTESTTEST", "very-secret-secret"
RCLONE = Path(sysconfig.get_path("scripts")) / "rclone"
_STARTED = re.compile(r"on \[http://127\.0\.0\.1:([0-9]+)/\]")


class Server:
    """`rclone serve s3` on a folder: its folders are buckets, their files are objects."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self._process = subprocess.Popen(
            [RCLONE, "serve", "s3", "--addr=127.0.0.1:0", f"--auth-key={KEY},{SECRET}", "--config=", folder],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stderr is not None
        said = next((line for line in self._process.stderr if "127.0.0.1" in line), "")
        found = _STARTED.search(said)
        assert found, said
        self.port = int(found[1])
        threading.Thread(target=self._process.stderr.read, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def bucket(self, name: str) -> Path:
        """Make a bucket, or find it."""
        (self.folder / name).mkdir(exist_ok=True)
        return self.folder / name

    def kill(self) -> None:
        """End it at once."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        self.kill()
        assert self._process.stderr is not None
        self._process.stderr.close()


class Wire:
    """Forwards to a server; after so many bytes up or down the server is killed, and the wire is dead.

    After so many bytes down it can fall silent, too, and what comes down can have some bytes changed.
    """

    def __init__(
        self,
        server: Server,
        *,
        up: int | None = None,
        down: int | None = None,
        silent: int | None = None,
        changed: tuple[bytes, bytes] = (b"", b""),
    ) -> None:
        self._server = server
        self._silent = silent
        self._changed = changed
        self._left = {"up": up, "down": down}
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = [self._listening]
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                self._ends.append(near)
                far = socket.create_connection(("127.0.0.1", self._server.port))
                self._ends.append(far)
                for source, target, way in ((near, far, "up"), (far, near, "down")):
                    threading.Thread(target=self._pass, args=(source, target, way), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, way: str) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                left = self._left[way]
                if left is not None:
                    self._left[way] = left - len(data)
                    if left < len(data):
                        self._server.kill()
                        self.close()
                        return
                if way == "down" and self._silent is not None:
                    self._silent -= len(data)
                    if self._silent < 0:
                        continue
                target.sendall(data.replace(*self._changed) if way == "down" and self._changed[0] else data)
            target.shutdown(socket.SHUT_WR)


def environment(patch: pytest.MonkeyPatch, url: str, states: Path) -> None:
    """What a user of the object store sets, and nothing that this machine's user has set."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            patch.delenv(name)
    for name, value in {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": "eu-central-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_MAX_ATTEMPTS": "1",
        "XDG_STATE_HOME": str(states),
    }.items():
        patch.setenv(name, value)


@contextlib.contextmanager
def silent() -> Iterator[str]:
    """The URL of a server that takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
