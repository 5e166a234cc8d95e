"""Where the archives for a restore are: in the place that is named, or where backups usually go.

The store that they are of may be damaged, or gone; it is only asked what its policy's file says.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tcps.backup import Place
from tcps.errors import NotFound, TcpsError
from tcps.files import Disk
from tcps.model import Policy
from tcps.projections.records import RecordFiles, relative_path
from tcps.rules.policy import backup_dir
from tcps.store.backups import at
from tcps.user import backup_places


def usual(folder: Path, disk: Disk, identity: str | Path | None = None) -> list[Place]:
    """The places where the backups of a store's folder go, as far as anybody can say.

    `identity` is the file with what opens encrypted ones.
    """
    wanted, own = backup_places()
    return [at(wanted or _by_policy(folder, disk) or own, disk, identity)]


def located(
    path: str | Path, places: Sequence[Place], disk: Disk, identity: str | Path | None = None
) -> tuple[Place, str]:
    """The place and the name of an archive: a path, or a name in one of the usual places.

    Raises NotFound when there is none.
    """
    where, name = os.path.split(path)
    for place in (at(where or ".", disk, identity), *(() if where else places)):
        if place.source(name) is not None or name in place.files():
            return place, name
    raise NotFound(f"there is no archive {path}", details={"path": str(path)})


def _by_policy(folder: Path, disk: Disk) -> str | None:
    """What the policy's record file says, if there is one that can be read."""
    try:
        content = RecordFiles(disk, folder, 0).read_plain(relative_path("policy", "policy"))
        policy = None if content is None else msgspec.json.decode(content, type=Policy)
    except (TcpsError, msgspec.MsgspecError):
        return None
    return None if policy is None else backup_dir(policy)
