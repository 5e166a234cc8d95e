"""Who runs this program, and where this user's backups go."""

import os
import pwd
from collections.abc import Mapping
from pathlib import Path


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
