"""What commands import; `python -m tests.cli.imports` writes the list of it anew, which a test compares."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.store import shop

EVERY = "every command"
LIST = Path(__file__).with_name("imports.txt")
COMMANDS = (
    "work-order create --title x",
    "work-order list --status queued --limit 50",
    "work-order show WO-1",
    "work-order next",
    "sku create --work-order WO-1",
    "receipt list --limit 50",
    "andon check app-2",
    "kanban status",
    "stats",
    "query --canned chain --param sku=web-1",
)
HEAVY = {"asyncio", "concurrent", "ctypes", "email", "http", "logging", "multiprocessing", "ssl", "tempfile"}
HEAVY |= {"unittest", "xml", "zipfile"}
"""What the standard library has that costs milliseconds."""
_OTHERS = ("coverage", "sitecustomize", "_distutils_hack", "__editable__", "_virtualenv", "typing_extensions")
_RUN = """
import sys
before = set(sys.modules)
from tcps.cli.root import run
code = run(sys.argv[1:])
print(*sorted(set(sys.modules) - before), file=sys.stderr)
sys.exit(code)
"""


def prepare(folder: Path) -> None:
    """A store in which all of the commands have something to show."""
    with shop.made(folder) as store:
        shop.sku(store)
        shop.receipt(store)
        shop.sku(store, "app-2")


def imported(command: str, folder: Path) -> set[str]:
    """The modules of tcps that a command imports, packages of others, and what is heavy of Python's."""
    ran = subprocess.run(
        [sys.executable, "-c", _RUN, *command.split()],
        cwd=folder,
        env=os.environ | {"TCPS_HOME": str(folder / "home")},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(_told(ran.stderr.split()))


def _told(modules: list[str]) -> Iterator[str]:
    for name in modules:
        top = name.partition(".")[0]
        if top == "tcps":
            yield name
        elif top in HEAVY or not (top in sys.stdlib_module_names or top.startswith(_OTHERS)):
            yield top


def listed() -> dict[str, set[str]]:
    """What the list says, by command: what all of them import, and what each adds."""
    blocks = [block.splitlines() for block in LIST.read_text().split("\n\n") if block.strip()]
    said = {head: {line.strip() for line in lines} for head, *lines in blocks}
    return {command: said[EVERY] | said.get(command, set()) for command in COMMANDS}


def main() -> None:
    """Write the list."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        found = {command: imported(command, folder) for command in COMMANDS}
    common = set.intersection(*found.values())
    rows = {EVERY: common} | {command: modules - common for command, modules in found.items()}
    LIST.write_text("\n".join(f"{head}\n{_lines(modules)}" for head, modules in rows.items() if modules))


def _lines(modules: set[str]) -> str:
    return "".join(f"  {module}\n" for module in sorted(modules))


if __name__ == "__main__":
    main()
