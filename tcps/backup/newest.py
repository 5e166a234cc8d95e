"""The newest good archive of a store, as far as it can be told without reading it all."""

from tcps.backup import findings
from tcps.backup.chains import Shelf
from tcps.backup.findings import UnsoundError
from tcps.backup.names import Name
from tcps.backup.places import Place
from tcps.identity import Identity


def newest_good(place: Place, identity: Identity) -> Name | None:
    """The newest archive that seems good: it and all of its chain are there, with their beginning and end.

    Of an encrypted one that nobody here can open it is enough that it is there, and that it was made here.
    What lies between is proven by a verification, which takes longer. Raises TcpsError when the place
    cannot be read, Undecided when nothing here can decompress an archive.
    """
    shelf = Shelf(place, identity.store_id)
    for name in reversed(shelf.names):
        try:
            _require_likely(shelf, name, identity)
        except UnsoundError:
            continue
        return name
    return None


def _require_likely(shelf: Shelf, name: Name, identity: Identity) -> None:
    for link in shelf.chain(shelf.archive(str(name))):
        if link.manifest.store != identity:
            raise findings.foreign(link.name, link.manifest.store.store_id, identity.store_id)
        if link.source.remembered is None:
            link.seal()
