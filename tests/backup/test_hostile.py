"""Archives of somebody who means harm are refused by name, before anything of them is used (format 13.7)."""

import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tcps.backup import Shelf, UnsoundError, coding
from tcps.backup.folder import Folder
from tcps.backup.verifying import verify_alone
from tcps.canonical import line_bytes, parse, sha256_hex
from tcps.merkle import Tree, leaf_hash
from tcps.store import Store
from tests.backup import forging, shelf
from tests.backup.forging import item
from tests.store import shop

Forge = Callable[[Path], object]
LARGEST = 2**63 - 1


def put(index: int, *members: forging.Item) -> Forge:
    """Put members before the `index`-th one (-1: at the end) that the manifest does not list."""

    def forge(path: Path) -> None:
        found = [*forging.items(path).values()]
        found[len(found) if index < 0 else index : 0 if index < 0 else index] = members
        forging.sealed(path, forging.tarred(found))

    return forge


def instead(name: str, **fields: Any) -> Forge:
    """Let the header of a member be another one."""

    def forge(path: Path) -> None:
        found = forging.items(path)
        content = b"" if "type" in fields else found[name][1]
        found[name] = item(name, content, **fields)
        forging.sealed(path, forging.tarred(found.values()))

    return forge


def listing(name: str, size: int = 1) -> Forge:
    """Let the manifest list another member first."""

    def forge(path: Path) -> None:
        members = parse(shelf.members(path)["manifest.json"])["members"]
        more = {"path": name, "sha256": "0" * 64, "size": size}
        forging.rewritten(path, members=sorted([more, *members], key=lambda one: str(one["path"])))

    return forge


def manifest(**fields: Any) -> Forge:
    return lambda path: forging.rewritten(path, **fields)


def point(**fields: Any) -> Forge:
    def forge(path: Path) -> None:
        forging.rewritten(path, to=parse(shelf.members(path)["manifest.json"])["to"] | fields)

    return forge


def text(change: Callable[[bytes], bytes]) -> Forge:
    """Let the manifest be written in another way."""
    return lambda path: forging.replaced(
        path, {"manifest.json": change(shelf.members(path)["manifest.json"])}
    )


def lines(change: Callable[[list[bytes]], list[bytes]]) -> Forge:
    """Let the lines be others, all digests and the tree with them."""

    def forge(path: Path) -> None:
        made = change(shelf.lines(path).split(b"\n")[:-1])
        tree = Tree()
        for line in made:
            tree.append(leaf_hash(line))
        content = b"".join(b" " + line + b"\n" for line in made)
        to = parse(shelf.members(path)["manifest.json"])["to"]
        forging.listed(path, {"entries/000000000001.jsonl": content}, to=to)
        _fit(path, b"".join(line + b"\n" for line in made))

    return forge


def _fit(path: Path, ledger: bytes) -> None:
    """Let the manifest have the size and digest of the whole lines."""
    members = parse(shelf.members(path)["manifest.json"])["members"]
    for one in members:
        if one["path"].startswith("entries/"):
            one |= {"sha256": sha256_hex(ledger), "size": len(ledger)}
    forging.rewritten(path, members=members)


def _line(content: bytes, **fields: Any) -> bytes:
    return line_bytes(parse(content) | fields)


def content(name: str, value: bytes) -> Forge:
    return lambda path: forging.listed(path, {name: value})


def raw(change: Callable[[bytes], bytes]) -> Forge:
    """Let the file be another one."""

    def forge(path: Path) -> None:
        path.write_bytes(change(path.read_bytes()))

    return forge


def _no_seal(path: Path) -> None:
    coder = coding.best()
    compressor = coder.compressor()
    path.write_bytes(compressor.compress(forging.tarred(forging.items(path).values())) + compressor.flush())


def _bomb(path: Path) -> None:
    """Eight gigabytes of zeros after the end, in a few hundred kilobytes."""
    forging.items(path)
    zeros = bytes(1 << 20)

    def pieces() -> Any:
        yield forging.tarred(forging.items(path).values())
        for _ in range(256):
            yield zeros

    path.write_bytes(b"".join([*coding.best().pieces(pieces())]))


def _gzip(forge: Forge) -> Forge:
    """The same, compressed with gzip."""

    def forged(path: Path) -> None:
        forge(path)
        import zstandard

        content = zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read()
        forging.sealed(path, content, coding.GZIP)

    return forged


STORE, BLOCK = "store.json", "entries/000000000001.jsonl"
HOSTILE: dict[str, tuple[str, Forge]] = {
    "a path upwards": ("UNSAFE", listing("../outside")),
    "a path upwards further down": ("UNSAFE", listing("artifacts/../../outside")),
    "an absolute path": ("UNSAFE", listing("/etc/cron.d/x")),
    "a path with a dot": ("UNSAFE", listing("./store.json")),
    "a path with an empty part": ("UNSAFE", listing("artifacts//x")),
    "a member upwards": ("UNSAFE", put(1, item("../outside", b"x"))),
    "an absolute member": ("UNSAFE", put(1, item("/etc/cron.d/x", b"x"))),
    "a symbolic link": ("LINK", instead(STORE, type=tarfile.SYMTYPE, linkname="/etc/passwd")),
    "a hard link": ("LINK", instead(STORE, type=tarfile.LNKTYPE, linkname="manifest.json")),
    "a link before what goes through it": (
        "LINK",
        put(1, item("artifacts", type=tarfile.SYMTYPE, linkname="/")),
    ),
    "a device": ("SPECIAL", instead(STORE, type=tarfile.CHRTYPE, devmajor=1, devminor=3)),
    "a pipe": ("SPECIAL", put(1, item("ledger", type=tarfile.FIFOTYPE))),
    "a folder": ("SPECIAL", put(1, item("artifacts", type=tarfile.DIRTYPE))),
    "a member twice": ("DUPLICATE", put(-1, item(STORE, b"{}"))),
    "the manifest twice": ("DUPLICATE", put(1, item("manifest.json", b"{}"))),
    "a member listed twice": ("DUPLICATE", listing(STORE)),
    "a stranger": ("UNLISTED", put(1, item("records.lock", b"9 x\n"))),
    "a stranger at the end": ("UNLISTED", put(-1, item("x", b"x"))),
    "a stranger listed": ("UNLISTED", listing("records/policy.json")),
    "a segment of the ledger": ("UNLISTED", listing("ledger/000000000001.jsonl")),
    "a member of the same name in capitals": ("UNLISTED", listing("STORE.JSON")),
    "a pax header": ("UNLISTED", put(1, item("x" * 200, b"x"))),
    "a path in a pax header": ("UNLISTED", put(1, item(STORE, pax_headers={"path": "../x"}))),
    "a block that is too large": ("OVERSIZED", listing("entries/000000000002.jsonl", 2**40)),
    "an artifact that is too large": ("OVERSIZED", listing("artifacts/x", LARGEST)),
    "an identity that is too large": ("OVERSIZED", listing("checkpoint", 2**30)),
    "a negative size": ("OVERSIZED", listing("checkpoint", -1)),
    "a member with another size": ("OVERSIZED", lambda path: forging.replaced(path, {STORE: bytes(5000)})),
    "a stored block beyond its lines": (
        "OVERSIZED",
        lambda path: forging.replaced(path, {BLOCK: bytes(9000)}),
    ),
    "a manifest that is too large": ("OVERSIZED", text(lambda _: bytes(2**24 + 1))),
    "another time of a file": ("OVERSIZED", instead(STORE, mtime=1)),
    "another mode of a file": ("OVERSIZED", instead(STORE, mode=0o4755)),
    "another owner of a file": ("OVERSIZED", instead(STORE, uid=1000)),
    "gigabytes after the end": ("DAMAGED", _bomb),
    "a format of later archives": ("TOO_NEW", manifest(archive=2)),
    "a field of later archives": ("MALFORMED", manifest(more=1)),
    "no format at all": ("MALFORMED", manifest(archive="1")),
    "an older format": ("MALFORMED", manifest(archive=0)),
    "another kind": ("MALFORMED", manifest(kind="differential")),
    "an incremental one without a parent": ("MALFORMED", manifest(kind="incremental")),
    "a full one with a parent": ("MALFORMED", manifest(parent=f"sha256:{'0' * 64}")),
    "members in another order": (
        "MALFORMED",
        lambda path: forging.rewritten(
            path, members=parse(shelf.members(path)["manifest.json"])["members"][::-1]
        ),
    ),
    "no identity": ("MALFORMED", manifest(members=[])),
    "an end beyond its lines": ("MALFORMED", point(seq=3)),
    "an entry of a number that there is not": ("MALFORMED", point(seq=-1)),
    "an entry beyond all": ("MALFORMED", point(seq=2**63)),
    "another root": ("MALFORMED", point(root="A" * 43 + "=")),
    "another time": ("MALFORMED", point(time="2026-01-20T10:00:00.001Z")),
    "no time": ("MALFORMED", point(time=None)),
    "a frontier that is none": ("MALFORMED", point(frontier=["x"])),
    "a place before the beginning": ("MALFORMED", point(offset=-1)),
    "a manifest that is not canonical": ("MALFORMED", text(lambda content: content + b"\n")),
    "a manifest with a key twice": (
        "MALFORMED",
        text(lambda one: one.replace(b"{", b'{\n  "archive": 1,', 1)),
    ),
    "a manifest that is no JSON": ("MALFORMED", text(lambda _: b"\xff")),
    "a manifest nested beyond measure": ("MALFORMED", text(lambda _: b"[" * 2**20 + b"]" * 2**20)),
    "another member first": ("MALFORMED", put(0, item(STORE, b"{}"))),
    "no tar at all": ("MALFORMED", lambda path: forging.sealed(path, b"x" * 2000)),
    "nothing at all": ("TRUNCATED", lambda path: forging.sealed(path, b"")),
    "no end": (
        "TRUNCATED",
        lambda path: forging.sealed(path, forging.tarred(forging.items(path).values(), b"")),
    ),
    "no seal": ("TRUNCATED", _no_seal),
    "no archive": ("UNREADABLE", raw(lambda _: b"PK\3\4" + bytes(100))),
    "an empty file": ("UNREADABLE", raw(lambda _: b"")),
    "another identity": ("EDITED", content(STORE, b"{}\n")),
    "a checkpoint that is none": ("EDITED", content("checkpoint", b"x")),
    "a checkpoint of another store": ("EDITED", content("checkpoint", f"tcps/x\n1\n{'A' * 43}=\n".encode())),
    "a member with other bytes": (
        "EDITED",
        lambda path: forging.replaced(path, {STORE: shelf.members(path)[STORE].replace(b"2026", b"2027", 1)}),
    ),
    "a record changed": (
        "EDITED",
        lambda path: forging.replaced(
            path, {BLOCK: shelf.members(path)[BLOCK].replace(b"an order", b"an Order")}
        ),
    ),
    "a record changed and the digests with it": (
        "EDITED",
        lines(lambda found: [found[0].replace(b"an", b"AN")]),
    ),
    "a line that is none": ("EDITED", lines(lambda found: [found[0], b"{}"])),
    "a line twice": ("EDITED", lines(lambda found: [found[0], found[0]])),
    "a line that changes nothing": ("EDITED", lines(lambda found: [_line(found[0], changes=[])])),
    "no line": ("MALFORMED", lines(lambda found: found[:1])),
    "another history": (
        "FORKED",
        lines(lambda found: [_line(one, actor="mallory") for one in found]),
    ),
}


@pytest.fixture
def archive(store: Store, tmp_path: Path) -> Path:
    shop.order(store)
    shop.order(store)
    return store.backup(to=tmp_path / "backups").path


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_by_name(archive: Path, name: str) -> None:
    """Format 13.7."""
    class_, forge = HOSTILE[name]
    forge(archive)
    with pytest.raises(UnsoundError) as refused:
        verify_alone(shelf.opened(archive))
    assert (refused.value.finding.class_, name) == (class_, name)


@pytest.mark.parametrize("name", ["a path upwards", "a symbolic link", "a stranger at the end", "no end"])
def test_it_is_refused_with_gzip_as_well(archive: Path, name: str) -> None:
    class_, forge = HOSTILE[name]
    _gzip(forge)(archive)
    with pytest.raises(UnsoundError) as refused:
        verify_alone(shelf.opened(archive))
    assert refused.value.finding.class_ == class_


def test_what_is_forged_without_a_fault_is_taken(archive: Path) -> None:
    """Else the others would prove nothing."""
    forging.rewritten(archive)
    verify_alone(shelf.opened(archive))
    lines(lambda found: found)(archive)
    verify_alone(shelf.opened(archive))
    forging.sealed(archive, forging.tarred(forging.items(archive).values()), coding.GZIP)
    verify_alone(shelf.opened(archive))


def test_nothing_that_waits_or_leads_elsewhere_is_read(tmp_path: Path, archive: Path) -> None:
    (tmp_path / "link").symlink_to(archive)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "folder", "pipe", "nothing"):
        with pytest.raises(UnsoundError, match="cannot be read: it is no plain file"):
            Shelf(Folder(tmp_path)).archive(name)
