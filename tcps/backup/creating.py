"""Making an archive of a store that others may be writing to (format 13.5).

1. take the lock of the archives; remove what a crash has left;
2. for an incremental one, find the newest archive and its chain;
3. read the store's checkpoints, then make sure up to which entry it is acknowledged and durable;
4. read the ledger once for the manifest, and once more to write it, beside its place, and sync;
5. open the file again and verify it; then give it its name.

The ledger is append-only, so what was read in step 4 does not change while others write.
"""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tcps.backup import coding, contents, tar
from tcps.backup.chains import Shelf
from tcps.backup.contents import Block, Content, Kept, Stretch
from tcps.backup.findings import UnsoundError
from tcps.backup.holding import holding
from tcps.backup.manifest import ARCHIVE_FORMAT, MANIFEST, MANIFEST_BYTES, Manifest, Member
from tcps.backup.names import Kind, Name
from tcps.backup.places import ENCRYPTED, Place
from tcps.backup.progress import Progress, silent
from tcps.backup.reading import Archive
from tcps.backup.verifying import prove_written
from tcps.canonical import sha256_hex
from tcps.errors import IntegrityError, InvalidInput
from tcps.files import Disk
from tcps.identity import Identity
from tcps.ledger import Ledger
from tcps.model import Clock, from_ms, to_ms
from tcps.verify.parallel import results, usable_cores


class Settled(NamedTuple):
    """An entry up to which every one is acknowledged and durable; the tree's root there, if it is known."""

    seq: int
    root: bytes | None


class Live(NamedTuple):
    """A store that a backup is made of; `settle` makes sure of what is acknowledged.

    `version` is that of the program.
    """

    folder: Path
    disk: Disk
    identity: Identity
    ledger: Ledger
    settle: Callable[[], Settled]
    clock: Clock
    version: str


class Made(NamedTuple):
    """A finished archive.

    `where` is its whole name; `reason` is why a full one was made where an incremental one was asked for;
    `warning` says that the ledger is not the one that the newest archive before holds.
    """

    name: Name
    where: str
    size: int
    manifest: Manifest
    reason: str | None
    warning: str | None
    verified: bool

    @property
    def path(self) -> Path:
        """The file, of an archive in a folder."""
        return Path(self.where)


def create(
    live: Live,
    folder: Place,
    kind: Kind,
    *,
    wait: float,
    verify: bool = True,
    progress: Progress = silent,
) -> Made:
    """Make an archive in a place, which is made when it is missing.

    Where there is nothing that an incremental one could go on from, it is a full one; so it is when a restore
    gave up what the newest archive holds. Raises IntegrityError when the ledger is damaged, or for another
    reason is not the one that the newest archive holds; LockTimeout when another
    backup of the store is under way there for longer than `wait` seconds.
    """
    folder.make()
    with holding(folder, live.identity.store_id, wait):
        before, reason = _before(folder, live.identity, kind)
        try:
            return _made(live, folder, before, reason, verify=verify, progress=progress)
        except IntegrityError:
            reason = contents.given_up(live.ledger, [one.manifest.to for one in before]) if before else None
            if reason is None:
                raise
            reason = f"{before[-1].name} is of what is no more: {reason}"
            return _made(live, folder, [], reason, verify=verify, progress=progress)


def _before(folder: Place, identity: Identity, kind: Kind) -> tuple[list[Archive], str | None]:
    """The chain that an incremental archive goes on from; an empty one, and why, for a full one."""
    if kind is Kind.FULL:
        return [], None
    shelf = Shelf(folder, identity.store_id)
    if not shelf.names:
        return [], "there is no archive to go on from"
    try:
        links = shelf.chain(shelf.archive(str(shelf.names[-1])))
    except UnsoundError as error:
        return [], f"the newest archive cannot be gone on from: {error}"
    if links[0].manifest.store != identity:
        raise IntegrityError(
            f"{links[0].name} is of another store with the same id", hint="tcps backup verify"
        )
    while not links[-1].manifest.members:  # it holds nothing, so nothing needs to rest on it
        links.pop()
    return links, None


def _made(
    live: Live, folder: Place, before: list[Archive], reason: str | None, *, verify: bool, progress: Progress
) -> Made:
    newest = None if before else _newest(folder, live.identity)
    planned, warning = _planned(live, before, newest)
    coder = coding.best()
    name = _free(folder, live, planned.manifest, coder.suffix + (ENCRYPTED if folder.recipients else ""))
    written: dict[str, str] = {}
    with folder.adding(
        str(name), coder.pieces(_tar(live, planned, written, progress)), check=verify, progress=progress
    ) as source:
        if verify:
            prove_written(Archive(source), written)
    folder.remember(str(name), planned.content())
    return Made(
        name, folder.where(str(name)), folder.size(str(name)), planned.manifest, reason, warning, verify
    )


def _newest(folder: Place, identity: Identity) -> Archive | None:
    """The newest archive, if it can be read: a full one is compared with it."""
    shelf = Shelf(folder, identity.store_id)
    try:
        return shelf.archive(str(shelf.names[-1])) if shelf.names else None
    except UnsoundError:
        return None


class _Planned(NamedTuple):
    """A manifest, and the members that it lists: blocks of the ledger, and others."""

    manifest: Manifest
    blocks: list[Block]
    others: list[Content]

    def content(self) -> bytes:
        """The manifest's bytes. Raises InvalidInput when there are too many."""
        content = self.manifest.content()
        if len(content) > MANIFEST_BYTES:
            raise InvalidInput(f"the manifest would have {len(content)} bytes", code="too_large")
        return content


def _planned(live: Live, before: list[Archive], newest: Archive | None) -> tuple[_Planned, str | None]:
    """What the archive holds, and a warning; the ledger and the artifacts are read for it."""
    parent = before[-1].manifest if before else None
    start = None if parent is None else parent.to
    seen = contents.kept(live.disk, live.folder, live.identity.origin)
    settled = live.settle()
    seq = settled.seq
    if start is not None and seq < start.seq:
        if settled.root is not None:
            raise _not_the_same(before[-1], f"the ledger ends at entry {seq}, and it holds {start.seq}")
        seq = start.seq
    if start is not None and settled.root is None and not contents.goes_on(live.ledger, start):
        raise _not_the_same(before[-1], f"entries up to {start.seq} are others by now")
    known = None if newest is None else newest.manifest.to.checkpoint(live.identity.origin)
    stretch = Stretch(live.ledger, start, seq, seen, [] if known is None else [known.size])
    if settled.root not in (None, stretch.root):
        if before:
            raise _not_the_same(before[-1], f"entries up to {start.seq if start else 0} are others by now")
        raise IntegrityError("no backup is made: the ledger was changed", hint="tcps verify")
    others = list(_others(live, [one.manifest for one in before], seen))
    members = [*(one.member for one in stretch.blocks), *(one.member for one in others)]
    manifest = Manifest(
        archive=ARCHIVE_FORMAT,
        kind=Kind.INCREMENTAL if before else Kind.FULL,
        store=live.identity,
        parent=before[-1].digest if before else None,
        from_=start,
        to=stretch.to,
        members=tuple(sorted(members, key=lambda one: one.path)),
        tcps=live.version,
    )
    other = newest is not None and known is not None and stretch.root_at(known.size) != known.root
    warning = _of_another(newest) if newest is not None and other else None
    return _Planned(manifest, stretch.blocks, others), warning


def _others(live: Live, before: list[Manifest], seen: list[Kept]) -> Iterator[Content]:
    """What does not follow from the ledger, and is in none of the manifests before."""
    there: dict[str, Member] = {one.path: one for manifest in before for one in manifest.members}
    if not before:
        yield contents.identity(live.disk, live.folder)
    for one in seen:
        made = contents.of_bytes(one.path, one.content)
        if there.get(one.path) != made.member:
            yield made
    yield from contents.artifacts(
        live.disk, live.folder, lambda path, size: path in there and there[path].size == size
    )


def _free(folder: Place, live: Live, manifest: Manifest, suffix: str) -> Name:
    """A name that no archive has; of two in the same millisecond the second gets the next one."""
    taken, now = set(map(str, folder.names(live.identity.store_id))), to_ms(live.clock())
    for moment in itertools.count(now):
        name = Name(live.identity.store_id, manifest.to.seq, manifest.kind, from_ms(moment), suffix)
        if str(name) not in taken:
            return name
    raise AssertionError("there is always one")


def _tar(live: Live, planned: _Planned, written: dict[str, str], progress: Progress) -> Iterator[bytes]:
    """The archive before it is compressed; `written` gets the SHA-256 of what is in it by path."""
    content, total, done = planned.content(), planned.manifest.content_bytes, 0
    others = {one.member.path: one for one in planned.others}
    ready = _ready(live, planned.blocks)  # begins now: a process must not be forked beside threads of zstd
    yield tar.header(MANIFEST, len(content)) + content + tar.padding(len(content))
    for member in planned.manifest.members:
        if member.first is None:
            written[member.path] = member.sha256
            yield tar.header(member.path, member.size)
            yield from others[member.path].read()
            yield tar.padding(member.size)
        else:
            block = next(ready)
            written[member.path] = sha256_hex(block)
            yield tar.header(member.path, len(block))
            yield block
            yield tar.padding(len(block))
        done += member.size
        progress("writing", done, total)
    yield tar.END


def _ready(live: Live, blocks: list[Block]) -> Iterator[bytes]:
    """The blocks as they are written; the first one is made before this returns."""

    def start(number: int) -> Callable[[Block], bytes]:
        return lambda block: contents.shortened_block(live.ledger, block, live.identity.store_id)

    processes = min(usable_cores(), len(blocks)) if len(blocks) > 1 else 1
    made = results(start, blocks, processes)
    return itertools.chain(list(itertools.islice(made, 1)), made)


def _of_another(newest: Archive) -> str:
    return (
        f"the ledger does not go on from {newest.name}, which was the newest archive; tcps verify looks why"
    )


def _not_the_same(newest: Archive, why: str) -> IntegrityError:
    return IntegrityError(
        f"no backup is made: the ledger does not go on from {newest.name}: {why}",
        hint="tcps verify looks for damage; if an older copy was put back by hand, make a full backup",
        details={"archive": newest.name},
    )
