"""What the figures were measured on: hardware, file system, versions."""

import os
import platform
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("tcps", "typer", "rich", "orjson", "msgspec", "filelock")


def described(folder: Path) -> dict[str, str]:
    """The machine, and the file system of the folder that the benchmarks write to."""
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": _memory(),
        "load average at the start": " ".join(f"{load:.1f}" for load in os.getloadavg()),
        "file system": _file_system(folder),
        "kernel": f"{platform.system()} {platform.release()}",
        "Python": f"{platform.python_version()} ({platform.python_implementation()})",
        "SQLite": _sqlite(),
        "git": _git(),
    } | {name: _version(name) for name in _PACKAGES}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _memory() -> str:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{total / 2**30:.1f} GiB"


def _file_system(folder: Path) -> str:
    """The type of the file system with the longest mount point above the folder."""
    try:
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    except OSError:
        return "unknown"
    above = [mount for mount in mounts if folder.resolve().is_relative_to(mount[1])]
    _, _, kind, options, *_ = max(above, key=lambda mount: len(mount[1]))
    return f"{kind} ({options})"


def _sqlite() -> str:
    import sqlite3

    return sqlite3.sqlite_version


def _git() -> str:
    try:
        found = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "none"
    return found.stdout.removeprefix("git version").strip()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
