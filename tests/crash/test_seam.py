"""Nothing is written below a store but through the seam, and each call that the seam notes is made."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.histories import based
from tests.crash.place import Place
from tests.crash.recorder import INDEX
from tests.crash.traced import Told
from tests.store import shop

CALLS = (
    "open,openat,openat2,creat,write,pwrite64,writev,pwritev,pwritev2,ftruncate,truncate,fallocate,"
    "copy_file_range,sendfile,splice,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,link,linkat,"
    "symlink,symlinkat,mknod,mknodat,fsync,fdatasync,sync,syncfs,sync_file_range,mmap"
)
"""What can change a file, or make it durable; a map that is written to is a change too."""
CALL = re.compile(r"\d+ +(?P<name>\w+)\((?P<given>.*)\) += (?P<result>-?\d+|0x[0-9a-f]+)(?P<rest>.*)")
ON_FILE = re.compile(r"\d+<(?P<path>[^>]*)>(?:, .*?)?(?:, (?P<last>\d+))?")
"""A descriptor with its path, and the last number that is given."""


def strace() -> list[str]:
    """The command, which must be there and be allowed to look at other processes."""
    command = ["strace", "-f", "-y", "-s", "0", "-e", f"trace={CALLS}"]
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    if subprocess.run([*command, "-o", "/dev/null", "true"], check=False, capture_output=True).returncode:
        pytest.skip("strace may not trace here")
    return command


def seen(lines: list[str], folder: Path, made: set[str]) -> Iterator[Told]:
    """What the kernel was asked to change below a folder, in the words of `told`; `made` is there already."""
    for line in lines:
        if f"{folder}" not in line and " sync(" not in line:
            continue
        match = CALL.fullmatch(line)
        assert match is not None, line
        if match["result"] == "-1":
            continue
        for one in changes(match["name"], match["given"], made, folder):
            if not any(INDEX in str(part) for part in one):
                yield one


def changes(name: str, given: str, made: set[str], folder: Path) -> Iterator[Told]:
    """What one call that succeeded changes; `made` are the files that are there."""
    paths = [path.removeprefix(f"{folder}/") for path in re.findall(r'"([^"]+)"', given)]
    on_file = ON_FILE.match(given)
    path = on_file["path"].removeprefix(f"{folder}/").removeprefix(str(folder)) if on_file else ""
    if name == "openat" and "O_RDONLY" not in given:
        assert "O_TRUNC" not in given or paths[0] not in made, given
        if "O_CREAT" in given and paths[0] not in made:
            made.add(paths[0])
            yield "create", paths[0]
    elif name in ("write", "pwrite64") and on_file:
        yield "write", path, int(given.split(", ")[2])
    elif name == "ftruncate" and on_file:
        yield "truncate", path, int(given.split(", ")[1])
    elif name in ("fsync", "fdatasync"):
        yield "sync", path
    elif name == "sync":
        yield ("sync everything",)
    elif name == "rename":
        made.discard(paths[0])
        made.add(paths[1])
        yield "rename", *paths
    elif name in ("unlink", "rmdir"):
        made.discard(paths[0])
        yield "remove", paths[0]
    elif name == "mkdir":
        yield "mkdir", paths[0]
    elif name == "mmap":
        if "MAP_SHARED" in given and "PROT_WRITE" in given:
            yield "map", given
    elif name not in ("openat", "open"):
        yield name, given


def test_the_kernel_is_asked_for_what_the_recorder_notes_and_for_nothing_else(tmp_path: Path) -> None:
    command, place, log = strace(), Place(), tmp_path / "strace.log"
    try:
        based(place, "damaged")
        run = [*command, "-o", str(log), sys.executable, "-m", "tests.crash.traced", str(place.folder)]
        done = subprocess.run(run, cwd=shop.ROOT, env=shop.unmeasured(), stdout=subprocess.PIPE, check=True)
    finally:
        place.remove()
    noted = [tuple(one) for one in json.loads(done.stdout)]
    asked = list(seen(log.read_text().splitlines(), place.folder, set(place.image)))
    assert len(noted) > 100
    assert asked == noted
