"""Backups: archives of a store, made while others write to it, and chains of them (format 13).

An archive is a compressed tar file. A *full* one holds the ledger up to an entry; an *incremental* one
the lines after its parent. Everything else of a store follows from its ledger. `manifest` says what is in
an archive, `reading` lets nothing else through, `creating` makes one, `verifying` proves one.
"""

from tcps.backup.chains import Listed, Shelf
from tcps.backup.creating import Live, Made, Settled, create
from tcps.backup.findings import UnsoundError
from tcps.backup.folder import Folder
from tcps.backup.judging import Verdict, verify
from tcps.backup.manifest import Manifest, Member, Point
from tcps.backup.names import Kind, Name
from tcps.backup.places import Place, Source
from tcps.backup.reading import Archive

__all__ = [
    "Archive",
    "Folder",
    "Kind",
    "Listed",
    "Live",
    "Made",
    "Manifest",
    "Member",
    "Name",
    "Place",
    "Point",
    "Settled",
    "Shelf",
    "Source",
    "UnsoundError",
    "Verdict",
    "create",
    "verify",
]
