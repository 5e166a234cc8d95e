"""A clean virtual environment with tcps installed as users install it: not editable, compiled."""

import subprocess
import venv
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Environment(NamedTuple):
    """The programs of a virtual environment."""

    folder: Path

    @property
    def python(self) -> str:
        return str(self.folder / "bin" / "python")

    @property
    def tcps(self) -> str:
        return str(self.folder / "bin" / "tcps")


def installed(folder: Path) -> Environment:
    """The environment in `folder`, made if it is not there; tcps in it is the tree of now."""
    environment = Environment(folder)
    if not Path(environment.python).exists():
        venv.create(folder, with_pip=True)
    _pip(environment, "install", "--quiet", "--compile", str(ROOT))
    _pip(environment, "install", "--quiet", "--compile", "--no-deps", "--force-reinstall", str(ROOT))
    return environment


def _pip(environment: Environment, *arguments: str) -> None:
    subprocess.run([environment.python, "-m", "pip", *arguments], check=True, capture_output=True)
