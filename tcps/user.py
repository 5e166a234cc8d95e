"""Who runs this program, and where this user's backups go.

| variable | is |
|---|---|
| TCPS_BACKUP_DIR | the place of backups, when `--to` is not given |
| TCPS_BACKUP_RECIPIENTS_FILE | the file that says whom new backups are encrypted to |
| TCPS_BACKUP_IDENTITY | the file with what opens encrypted ones |
| TCPS_BACKUP_TIMEOUT | for how many seconds an object store may be silent; 30 |
"""

import os
import pwd
from collections.abc import Mapping
from pathlib import Path

from tcps.errors import InvalidInput

_SILENCE = 30.0


def user_name() -> str:
    """The operating system's name of the user, or its number where it has no name, as in a container."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid-{os.getuid()}"


def backup_places(environment: Mapping[str, str] = os.environ) -> tuple[str | None, Path]:
    """Where the user wants backups, if TCPS_BACKUP_DIR says so; and where they go if nobody says anything.

    The second is outside of every project (XDG Base Directory Specification).
    """
    wanted = environment.get("TCPS_BACKUP_DIR")
    kept = environment.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return wanted or None, Path(kept) / "tcps" / "backups"


def state_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where things lie that this machine alone knows: locks of places that have none, what they held."""
    kept = environment.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(kept) / "tcps"


def backup_keys(environment: Mapping[str, str] = os.environ) -> tuple[str | None, str | None]:
    """The files with whom backups are encrypted to, and with what opens them."""
    recipients, identity = (environment.get(f"TCPS_BACKUP_{one}") for one in ("RECIPIENTS_FILE", "IDENTITY"))
    return recipients or None, identity or None


def region(environment: Mapping[str, str] = os.environ) -> str | None:
    """The region of object stores, under the name that all programs but one know."""
    return environment.get("AWS_REGION") or None


def silence(environment: Mapping[str, str] = os.environ) -> float:
    """For how many seconds an object store may be silent before it is given up."""
    text = environment.get("TCPS_BACKUP_TIMEOUT") or str(_SILENCE)
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 3600:
        raise InvalidInput(f"TCPS_BACKUP_TIMEOUT takes seconds above 0, at most 3600, not {text[:40]!r}")
    return seconds
