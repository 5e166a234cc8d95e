"""Settings: what flags and the environment say. Beside `tcps.user` nothing else reads `os.environ`.

| variable | is |
|---|---|
| TCPS_STORE | the store, when `--store` is not given |
| TCPS_ACTOR | who acts, when `--actor` is not given |
| TCPS_HOME | the folder of keys and anchors; else `tcps` in XDG_CONFIG_HOME or `~/.config` |
| TCPS_BACKUP_DIR | the place of backups, when `--to` is not given (`tcps.user`) |
| TCPS_BACKUP_RECIPIENTS_FILE | the file that says whom new backups are encrypted to (`tcps.user`) |
| TCPS_BACKUP_IDENTITY | the file with what opens encrypted ones (`tcps.user`) |
| TCPS_BACKUP_TIMEOUT | for how many seconds an object store may be silent (`tcps.user`) |
| TCPS_DEBUG | `1` shows the traceback of an unforeseen error |
| NO_COLOR | any value: no colours (no-color.org) |
"""

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from tcps.errors import InvalidInput
from tcps.user import user_name

WAIT_SECONDS = 30.0


class Format(StrEnum):
    """How results are written."""

    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    MD = "md"


class Settings(NamedTuple):
    """What applies to one command."""

    store: str | None
    actor: str
    format: Format
    quiet: bool
    color: bool
    wait: float
    debug: bool
    home: Path


def settings(flags: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of flags, which win, and the environment."""
    return Settings(
        store=flags["store"] if "store" in flags else environment.get("TCPS_STORE") or None,
        actor=flags.get("actor") or environment.get("TCPS_ACTOR") or user_name(),
        format=Format.JSON if flags.get("json") else _format(flags.get("format") or Format.TEXT),
        quiet=bool(flags.get("quiet")),
        color=not (flags.get("no_color") or environment.get("NO_COLOR")),
        wait=WAIT_SECONDS if flags.get("wait") is None else float(flags["wait"]),
        debug=debugging(environment),
        home=_home(environment),
    )


def debugging(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether tracebacks are to be shown."""
    return environment.get("TCPS_DEBUG") == "1"


def _format(name: str) -> Format:
    """The format of this name; one that only another command has is no format here."""
    if name not in Format.__members__.values():
        raise InvalidInput(f"this command has no format {name!r}", code="usage")
    return Format(name)


def _home(environment: Mapping[str, str]) -> Path:
    """Where the user keeps keys and anchors (XDG Base Directory Specification)."""
    if own := environment.get("TCPS_HOME"):
        return Path(own)
    configuration = environment.get("XDG_CONFIG_HOME")
    return Path(configuration or os.path.expanduser("~/.config")) / "tcps"
