"""Real SPARQL servers that the tests start: Oxigraph (PyPI), and Virtuoso where it is installed (Debian)."""

import contextlib
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from tcps.ontology.remote import Server, server

OXIGRAPH = Path(sys.executable).with_name("oxigraph")
VIRTUOSO = shutil.which("virtuoso-t")
GRAPH = "https://example.org/shop"
_PATIENCE = 60.0


class Running(NamedTuple):
    """A server that runs, and how it is spoken to."""

    process: subprocess.Popen[bytes]
    there: Server


class Cutting(socketserver.ThreadingTCPServer):
    """Stands before a server, and kills it once so many bytes were sent to it: in the middle of a request."""

    daemon_threads = True

    def __init__(self, running: Running, after: int) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.process = running.process
        self.left = after
        self.behind = urlsplit(running.there.query).netloc
        own = f"127.0.0.1:{self.server_address[1]}"
        urls = {
            name: getattr(running.there, name).replace(self.behind, own)
            for name in ("store", "query", "update")
        }
        self.there = running.there._replace(**urls)
        self._thread = threading.Thread(target=self.serve_forever)
        self._thread.start()

    def server_close(self) -> None:
        self.shutdown()
        self._thread.join()
        super().server_close()


class _Passing(socketserver.BaseRequestHandler):
    server: Cutting

    def handle(self) -> None:
        host, _, port = self.server.behind.partition(":")
        with contextlib.suppress(OSError), socket.create_connection((host, int(port))) as behind:
            back = threading.Thread(target=self._answer, args=(behind,))
            back.start()
            while data := self.request.recv(4096):
                self.server.left -= len(data)
                if self.server.left < 0:
                    self.server.process.kill()
                    break
                behind.sendall(data)
            behind.shutdown(socket.SHUT_RDWR)
            back.join()

    def _answer(self, behind: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := behind.recv(65536):
                self.request.sendall(data)
            self.request.shutdown(socket.SHUT_RDWR)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


@contextlib.contextmanager
def oxigraph(folder: Path, port: int | None = None) -> Iterator[Running]:
    """Oxigraph on a folder, with our statements in its default graph."""
    port = port or free_port()
    command = [str(OXIGRAPH), "serve", "--location", str(folder), "--bind", f"127.0.0.1:{port}"]
    there = server(f"http://127.0.0.1:{port}/store", None, None, None, pause=lambda seconds: None)
    with _running(command, folder.parent, f"http://127.0.0.1:{port}/query?query=ASK%7B%7D") as process:
        yield Running(process, there)


@contextlib.contextmanager
def virtuoso(folder: Path) -> Iterator[Running]:
    """Virtuoso in a folder, with our statements in a graph of their own, behind a Digest login."""
    if VIRTUOSO is None:
        pytest.skip("apt-get install virtuoso-opensource-7-bin brings this server")
    port, sql = free_port(), free_port()
    folder.mkdir(exist_ok=True)
    (folder / "virtuoso.ini").write_text(_INI.format(folder=folder, port=port, sql=sql))
    command = [VIRTUOSO, "+foreground", "+configfile", str(folder / "virtuoso.ini"), "+wait"]
    base = f"http://127.0.0.1:{port}"
    there = server(
        f"{base}/sparql-graph-crud-auth",
        f"{base}/sparql",
        f"{base}/sparql-auth",
        GRAPH,
        login=("dba", "dba"),
        pause=lambda seconds: None,
    )
    with _running(command, folder, f"{base}/sparql?query=ASK%7B%7D") as process:
        yield Running(process, there)


@contextlib.contextmanager
def _running(command: list[str], folder: Path, alive: str) -> Iterator[subprocess.Popen[bytes]]:
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=folder, stdout=quiet, stderr=quiet) as process:
        try:
            _await(alive, process)
            yield process
        finally:
            process.kill()


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except (OSError, urllib.error.URLError):
            assert process.poll() is None, "the server has ended"
            assert time.monotonic() < end, "the server does not answer"
            time.sleep(0.05)


_INI = """
[Database]
DatabaseFile = {folder}/virtuoso.db
ErrorLogFile = {folder}/virtuoso.log
LockFile = {folder}/virtuoso.lck
TransactionFile = {folder}/virtuoso.trx
xa_persistent_file = {folder}/virtuoso.pxa
[TempDatabase]
DatabaseFile = {folder}/virtuoso-temp.db
TransactionFile = {folder}/virtuoso-temp.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
DirsAllowed = {folder}
NumberOfBuffers = 2000
MaxDirtyBuffers = 1500
[HTTPServer]
ServerPort = 127.0.0.1:{port}
[SPARQL]
ResultSetMaxRows = 100000
"""
