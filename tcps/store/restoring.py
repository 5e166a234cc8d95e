"""Restoring a store from its backups (format 14.1).

1. open the archive and those that it goes on from, and read each of them from the first byte to the last;
2. lay the ledger down beside the place, with the roots that the archives name;
3. let nobody write to the store that is in the place, if one is; look what would be given up of it;
4. make the record files of the new store, and verify the whole;
5. let it take the place; the one that was there is kept under another name.

Until step 5 the store that is there is only read, but for the note in its lock.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tcps import checkpoints
from tcps.backup import Archive, Place
from tcps.backup.chains import Shelf
from tcps.backup.laying import Laid, lay
from tcps.backup.progress import Progress, silent
from tcps.backup.verifying import look_over
from tcps.backup.wanted import Until, needed, sequence
from tcps.errors import IntegrityError, TcpsError
from tcps.files import Disk
from tcps.identity import Identity
from tcps.ledger import Entry, Ledger
from tcps.merkle import Checkpoint, Signed, Tree, leaf_hash
from tcps.model import Clock, Timestamp
from tcps.projections.records import RecordFiles
from tcps.store.filing import file_all
from tcps.store.judging import require_as_written
from tcps.store.location import identify
from tcps.store.rollback import Known, Lost, Witnesses, require_accepted
from tcps.store.swapping import Target, taken
from tcps.verify import Anchor, Report, Trust, verify_store


class Request(NamedTuple):
    """Which archive is restored, in which place, up to where, and to which store's folder.

    `anchors` know what the ledger was, and `trust` who must have signed it; unless `accept_rollback`.
    """

    place: Place
    name: str
    folder: Path
    actor: str
    until: Until = Until()
    force: bool = False
    accept_rollback: bool = False
    anchors: Sequence[Anchor] = ()
    trust: Trust | None = None


class Means(NamedTuple):
    """What it is done with; `places` may have the archives that are not in the archive's own."""

    disk: Disk
    clock: Clock
    wait: float
    places: Sequence[Place] = ()
    progress: Progress | None = None


class Restored(NamedTuple):
    """A store that was restored, up to the entry that `checkpoint` covers, which was of `time`.

    `given_up` is the newest entry that was known of what is no more; None when nothing was given up.
    `replaced` is where the store is that was there before. `report` is of before the new one was there.
    """

    folder: Path
    store_id: str
    checkpoint: Checkpoint
    time: Timestamp | None
    archives: tuple[str, ...]
    given_up: int | None
    replaced: Path | None
    report: Report


def restore(request: Request, means: Means) -> Restored:
    """Restore a store.

    Raises Conflict when a store is there already, and it is not to be replaced; UnsoundError for an archive
    that is not sound; IntegrityError when entries would be given up; InvalidInput; LockTimeout.
    """
    target = Target(request.folder, means.disk)
    if target.taken and not request.force:
        raise taken(target.folder)
    links = _links(request, means)
    identity = links[0].manifest.store
    _require_same_store(target, identity)
    links = needed(links, request.until)
    for archive in links:
        look_over(archive)
    seq = sequence(links, request.until)
    witnesses = Witnesses(seq, request.anchors)
    if not request.accept_rollback:
        require_accepted(list(witnesses.longer(_known(target, identity))), seq)
    with target.reserved(means.wait):
        laid = _lay(links, seq, target.building, witnesses, means)
        with target.frozen(means.wait, _note(means.clock)):
            return _restored(links, laid, target, witnesses, request, means)


def _restored(
    links: list[Archive],
    laid: Laid,
    target: Target,
    witnesses: Witnesses,
    request: Request,
    means: Means,
) -> Restored:
    """The rest, once the ledger is laid down and nobody can write to the store that is there."""
    identity, folder, there = (
        links[0].manifest.store,
        target.building,
        _known(target, links[0].manifest.store),
    )
    lost = [*witnesses.longer(there), *witnesses.other(there, Ledger(means.disk, folder / "ledger"))]
    if not request.accept_rollback:
        require_accepted(lost, laid.tree.size)
    said = _said(laid, lost, folder, request.actor, means) if lost else laid
    report = _completed(folder, said, request._replace(anchors=witnesses.holding()), means)
    return Restored(
        folder=target.folder,
        store_id=identity.store_id,
        checkpoint=Checkpoint(identity.origin, laid.tree.size, laid.tree.root()),
        time=laid.time,
        archives=tuple(one.name for one in links),
        given_up=max((one.seq for one in lost), default=None),
        replaced=target.put(means.clock(), means.wait),
        report=report,
    )


def _known(target: Target, identity: Identity) -> Known | None:
    """What the store that is there, if one is, knows of its ledger."""
    if not target.taken:
        return None
    return Known.of(RecordFiles(target.disk, target.folder, 0), identity.origin)


def _links(request: Request, means: Means) -> list[Archive]:
    """The chain of the archive; what is not beside it may be in one of the other places."""
    shelf = Shelf(request.place, others=means.places)
    return shelf.chain(shelf.archive(request.name))


def _require_same_store(target: Target, identity: Identity) -> None:
    """Raise IntegrityError when another store is there.

    One that cannot say which it is may be the same.
    """
    if not target.taken:
        return
    try:
        there = identify(target.folder, target.disk)
    except TcpsError:
        return
    if there.store_id != identity.store_id:
        raise IntegrityError(
            f"the backup is of the store {identity.store_id}; in {target.folder} is {there.store_id}",
            hint="restore it into another folder with --into DIR, or move the store that is there away",
            details={"expected": there.store_id, "got": identity.store_id},
        )


def _lay(links: Sequence[Archive], seq: int, folder: Path, witnesses: Witnesses, means: Means) -> Laid:
    total, done = sum(one.manifest.content_bytes for one in links), 0

    def told(more: int) -> None:
        nonlocal done
        done += more
        progress("restoring", done, total)

    progress = means.progress or silent
    return lay(links, seq, folder, means.disk, witnesses.note, told)


def _said(laid: Laid, lost: Sequence[Lost], folder: Path, actor: str, means: Means) -> Laid:
    """Append the entry that says what was given up; the ledger with it."""
    ledger = Ledger(means.disk, folder / "ledger")
    given_up = max(one.seq for one in lost)
    entry = Entry.of_rollback(laid.head.seq + 1, means.clock(), actor, given_up)
    head, line = ledger.place(laid.head, entry.line())
    ledger.sync(ledger.append(laid.head, [line]))
    tree = Tree(laid.tree.size, [*laid.tree.frontier])
    tree.append(leaf_hash(line.content))
    return laid._replace(head=head, tree=tree)


def _completed(folder: Path, laid: Laid, request: Request, means: Means) -> Report:
    """Make the record files of a ledger that was laid down, and verify the whole; all of it is durable.

    The index is made by whoever needs it first.
    """
    disk, identity, progress = means.disk, identify(folder, means.disk), means.progress
    file_all(disk, folder, lambda done, total: (progress or silent)("record files", done, total))
    records = RecordFiles(disk, folder, means.wait)
    with records.locked():
        records.restate(laid.head.seq)
    records.close()
    disk.sync_all()
    made = Checkpoint(identity.origin, laid.tree.size, laid.tree.root())
    if laid.checkpoint is not None:
        checkpoints.keep(disk, folder, laid.checkpoint)
    if laid.checkpoint is None or laid.checkpoint.checkpoint != made:  # it may be that one, and signed
        checkpoints.keep(disk, folder, Signed(made))
    report = verify_store(
        folder,
        disk,
        identity.origin,
        identity.store_id,
        means.clock(),
        anchors=request.anchors,
        trust=None if request.accept_rollback else request.trust,
        progress=progress,
    )
    require_as_written(folder, disk, report, made.root)
    return report


def _note(clock: Clock) -> str:
    return f"pid {os.getpid()} since {clock()}, restoring\n"
