"""Encrypted backups: made by whoever has the recipients, read by whoever has an identity."""

import random
import shutil
import sys
import tracemalloc
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tcps.backup import Folder, Shelf
from tcps.backup.age import Opened, encrypted, kept
from tcps.backup.findings import UnsoundError
from tcps.backup.keys import identities_in, library
from tcps.backup.newest import newest_good
from tcps.backup.verifying import verify_alone
from tcps.errors import InvalidInput, TcpsError, Undecided
from tcps.files import Disk
from tcps.store import Store
from tcps.store.backups import at
from tests.backup import shelf
from tests.store import shop

pyrage = library()


class Key:
    """A key pair: what is public, and a file with what is not."""

    def __init__(self, path: Path) -> None:
        secret = pyrage.x25519.Identity.generate()
        self.public = str(secret.to_public())
        self.secret = str(secret)
        self.path = path
        path.write_text(f"# public key: {self.public}\n{secret}\n")


@pytest.fixture(autouse=True)
def states(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What this machine remembers lies in a folder of the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path.with_name(f"{tmp_path.name}-state")))
    return tmp_path.with_name(f"{tmp_path.name}-state")


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    return tmp_path.with_name(f"{tmp_path.name}-backups")


@pytest.fixture
def key(tmp_path: Path) -> Key:
    return Key(tmp_path / "one.key")


@pytest.fixture
def other(tmp_path: Path) -> Key:
    return Key(tmp_path / "other.key")


def opened(path: Path, key: Key) -> bytes:
    """What the library makes of a file."""
    plain: bytes = pyrage.decrypt(path.read_bytes(), identities_in(key.path))
    return plain


def test_an_encrypted_archive_is_what_it_would_be_and_encrypted(
    store: Store, backups: Path, key: Key, other: Key
) -> None:
    shop.order(store)
    plain = store.backup(to=backups)
    first, second = (store.backup(to=backups, recipients=[key.public, other.public]) for _ in range(2))
    assert str(first.name).endswith(".tar.zst.age")
    assert first.size == first.path.stat().st_size
    assert first.path.read_bytes() != second.path.read_bytes()
    for one in (first, second):
        for who in (key, other):
            assert opened(one.path, who) == plain.path.read_bytes()


def test_an_incremental_archive_needs_no_identity_where_the_one_before_was_made(
    store: Store, backups: Path, key: Key
) -> None:
    for kind in ("full", "incremental", "incremental"):
        shop.order(store)
        made = store.backup(kind, to=backups, recipients=[key.public])
        assert made.reason is None
    assert [one.manifest and one.manifest.to.seq for one in store.list_backups(to=backups)] == [1, 2, 3]
    assert store.verify_backup(to=backups, identity=key.path).links == 2


def test_where_nothing_is_remembered_it_takes_an_identity_or_becomes_a_full_one(
    store: Store, backups: Path, key: Key, states: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.backup(to=backups, recipients=[key.public])
    shutil.rmtree(states)
    shop.order(store)
    made = store.backup("incremental", to=backups, recipients=[key.public])
    assert (made.reason or "").endswith("is encrypted: there is no identity to open it with")
    shutil.rmtree(states)
    shop.order(store)
    monkeypatch.setenv("TCPS_BACKUP_IDENTITY", str(key.path))
    assert store.backup("incremental", to=backups, recipients=[key.public]).reason is None


def test_what_is_remembered_is_of_an_archive_that_is_there_as_it_was(
    store: Store, backups: Path, key: Key, states: Path
) -> None:
    made = [store.backup(to=backups, recipients=[key.public]) for _ in range(2)]
    made[0].path.unlink()
    made.append(store.backup(to=backups, recipients=[key.public]))
    remembered = [path.name for path in states.rglob("*") if path.is_file()]
    assert sorted(remembered) == sorted(f"{one.name}.{one.size}" for one in made[1:])
    with open(made[1].path, "ab") as file:
        file.write(b"x")
    assert "there is no identity" in (store.backup("incremental", to=backups).reason or "")


def test_a_chain_may_have_other_recipients_or_none_further_on(
    store: Store, backups: Path, key: Key, other: Key, tmp_path: Path, states: Path
) -> None:
    for whom in ([key.public], [], [other.public]):
        shop.order(store)
        assert store.backup("incremental", to=backups, recipients=whom).manifest.to
    both = tmp_path / "both.key"
    both.write_text(key.path.read_text() + other.path.read_text())
    assert (store.verify_backup(to=backups, identity=both)).findings == []
    for remembered in (True, False):
        assert store.verify_backup(to=backups, identity=key.path).undecided
        (found,) = store.verify_backup(to=backups, identity=other.path).findings
        assert (found.class_, found.kind) == ("PARENT", "undecided")
        if remembered:
            shutil.rmtree(states)


def test_without_an_identity_the_names_alone_tell(
    store: Store, backups: Path, key: Key, states: Path
) -> None:
    shop.order(store)
    made = store.backup(to=backups, recipients=[key.public])
    shutil.rmtree(states)
    (listed,) = store.list_backups(to=backups)
    assert listed == (made.name, made.size, None, None, None)
    verdict = store.verify_backup(to=backups)
    assert (verdict.undecided, [one.class_ for one in verdict.findings]) == (True, ["ENCRYPTED"])


def test_a_wrong_identity_is_named_as_one(store: Store, backups: Path, key: Key, other: Key) -> None:
    made = store.backup(to=backups, recipients=[key.public])
    (found,) = store.verify_backup(to=backups, identity=other.path).findings
    assert found.message == f"{made.name} is encrypted: the identity that is given does not open it"
    shutil.rmtree(backups)
    assert key.secret not in str(found)


def test_what_cannot_be_read_is_not_pruned(store: Store, backups: Path, key: Key) -> None:
    for _ in range(3):
        shop.order(store)
        store.backup(to=backups, recipients=[key.public])
    with pytest.raises(Undecided, match=r"none is removed: .* there is no identity"):
        store.prune_backups({"last": 1}, to=backups)
    assert len(shelf.archives(backups)) == 3
    store.prune_backups({"last": 1}, to=backups, identity=key.path)
    assert len(shelf.archives(backups)) == 1


def test_an_archive_that_was_made_here_is_good_as_far_as_anybody_can_tell(
    store: Store, backups: Path, key: Key, states: Path
) -> None:
    made = store.backup(to=backups, recipients=[key.public])
    assert newest_good(at(backups, Disk()), store.engine.identity) == made.name
    assert newest_good(at(backups, Disk(), key.path), store.engine.identity) == made.name
    shutil.rmtree(states)
    assert newest_good(at(backups, Disk()), store.engine.identity) is None


def test_every_changed_byte_and_every_cut_is_found(store: Store, tmp_path: Path, key: Key) -> None:
    shop.order(store)
    made = store.backup(to=tmp_path / "there", recipients=[key.public])
    sound = made.path.read_bytes()
    damaged = [sound[:size] for size in range(len(sound))]
    for at_byte in range(len(sound)):
        changed = bytearray(sound)
        changed[at_byte] ^= 1 << random.Random(at_byte).randrange(8)
        damaged.append(bytes(changed))
    damaged += [sound + b"\0", sound + sound]
    verify(made.path, key)
    for content in damaged:
        made.path.write_bytes(content)
        with pytest.raises(UnsoundError):
            verify(made.path, key)


def verify(path: Path, key: Key) -> None:
    place = Folder(path.parent)
    place.identity = key.path
    verify_alone(Shelf(place).archive(path.name))


def test_a_large_archive_takes_little_memory(tmp_path: Path, key: Key) -> None:
    content = random.Random(0).randbytes(1_000_000)
    name = "large.tar.zst.age"
    place = Folder(tmp_path)
    place.recipients, place.identity = (key.public,), key.path
    tracemalloc.start()
    try:
        with place.adding(name, (content for _ in range(40))) as source:
            assert source.read_at(39_000_000, 2_000_000) == content
        found = place.source(name)
        assert found is not None
        assert found.size == 40_000_000
        assert found.read_at(39_000_000, 2_000_000) == content
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 131072, 200_000])
def test_the_size_of_what_comes_out_is_known_before(key: Key, size: int) -> None:
    content = random.Random(size).randbytes(size)
    sealed = encrypted(kept("x", [content]), [key.public])
    source = Opened(sealed, identities_in(key.path))
    assert (source.size, source.read_at(0, size + 1)) == (size, content)
    assert source.some_at(size - 1, 9) == content[-1:]
    source.let_go()
    assert source.read_at(0, size + 1) == content


def test_keys_of_ssh_are_taken(store: Store, backups: Path, tmp_path: Path) -> None:
    made = Ed25519PrivateKey.generate()
    public = made.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    path = tmp_path / "id_ed25519"
    path.write_bytes(
        made.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            serialization.NoEncryption(),
        )
    )
    store.backup(to=backups, recipients=[public.decode()])
    assert store.verify_backup(to=backups, identity=path).findings == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot read .*: No such file"),
        (b"", "holds no identity"),
        (b"AGE-SECRET-KEY-1HIDDEN\n", "holds no identity"),
        (b"-----BEGIN OPENSSH PRIVATE KEY-----\nHIDDEN\n", "holds no identity"),
        (b"\xff\xfe", "is no text"),
    ],
)
def test_a_file_without_an_identity_is_one_line_that_does_not_show_it(
    store: Store, backups: Path, key: Key, tmp_path: Path, content: bytes | None, says: str
) -> None:
    store.backup(to=backups, recipients=[key.public])
    path = tmp_path / "bad.key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidInput, match=says) as found:
        store.verify_backup(to=backups, identity=path)
    assert "HIDDEN" not in str(found.value.as_json())


@pytest.mark.parametrize("whom", ["age1xyz", "ssh-rsa AAAA", "somebody", ""])
def test_what_is_no_recipient_makes_no_backup(store: Store, backups: Path, whom: str) -> None:
    with pytest.raises(InvalidInput, match="is neither age1… nor a public key of SSH"):
        store.backup(to=backups, recipients=[whom])
    assert not backups.exists()


def test_the_environment_and_the_policy_may_name_the_recipients(
    store: Store, backups: Path, key: Key, other: Key, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.production.set_policy("backup_recipients", f"{key.public}, {other.public}")
    made = store.backup(to=backups)
    assert opened(made.path, key) == opened(made.path, other)
    recipients = tmp_path / "recipients"
    recipients.write_text(f"# who may read\n\n{other.public}\n")
    monkeypatch.setenv("TCPS_BACKUP_RECIPIENTS_FILE", str(recipients))
    made = store.backup(to=backups)
    assert opened(made.path, other)
    with pytest.raises(pyrage.DecryptError):
        opened(made.path, key)
    recipients.write_text("# nobody\n")
    with pytest.raises(InvalidInput, match="names no recipient"):
        store.backup(to=backups)


@pytest.mark.parametrize("value", ["age1", "nobody", "AGE1" + "Q" * 58, "age1" + "b" * 58, ""])
def test_the_policy_takes_recipients_only(store: Store, value: str) -> None:
    with pytest.raises(InvalidInput, match="backup_recipients takes age1… recipients, or none"):
        store.production.set_policy("backup_recipients", value)


def test_without_the_extra_the_error_says_how_to_install_it(
    store: Store, backups: Path, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyrage", None)
    with pytest.raises(TcpsError) as found:
        store.backup(to=backups, recipients=[key.public])
    assert found.value.hint == "pip install 'tcps[age]'"


def test_an_archive_that_changes_while_it_is_encrypted_is_not_kept(
    tmp_path: Path, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk gives back something else than what was written to it."""

    class Forgetful(Disk):
        def read_at(self, path: Path, offset: int, length: int) -> bytes:
            found = super().read_at(path, offset, length)
            return found[:-1] + bytes([found[-1] ^ 1]) if found else found

    place = Folder(tmp_path / "there", Forgetful())
    place.make()
    place.recipients = (key.public,)
    with pytest.raises(UnsoundError, match="was not written as it should be"), place.adding("x.age", [b"x"]):
        pass
    assert list(place.files()) == []
