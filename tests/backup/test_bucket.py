"""Backups in an object store: a real one, which the tests start, break and kill."""

import random
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tcps.backup import Archive, Place, Shelf, verify
from tcps.backup.names import Name
from tcps.backup.places import PlaceError
from tcps.backup.pruning import prune
from tcps.errors import IntegrityError, InvalidInput, LockTimeout, TcpsError
from tcps.files import Disk
from tcps.rules.retention import Keep
from tcps.store import Store
from tcps.store.backups import at
from tests.backup import objects, shelf
from tests.backup.objects import Server, Wire
from tests.store import shop

TO = "s3://bucket/pre/fix"
NAME = "tcps-0123456789abcdef-000000000001-full-20260120T100000.000Z.tar.zst"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = Server(tmp_path.with_name(f"{tmp_path.name}-objects"))
    server.bucket("bucket")
    objects.environment(monkeypatch, server.url, tmp_path.with_name(f"{tmp_path.name}-state"))
    yield server
    server.close()


@pytest.fixture
def wired(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """From then on there is a wire between us and the server."""
    wires = []

    def put(**after: int) -> None:
        wires.append(Wire(server, **after))
        monkeypatch.setenv("AWS_ENDPOINT_URL", wires[-1].url)

    yield put
    for one in wires:
        one.close()


def place() -> Place:
    return at(TO, Disk())


def s3_client() -> Any:
    session: Any = import_module("botocore.session")
    return session.get_session().create_client("s3")


def opened(name: str) -> Archive:
    return Shelf(place()).archive(name)


def noise(size: int) -> list[bytes]:
    content = random.Random(0).randbytes(size)
    return [content[begin : begin + 100_000] for begin in range(0, size, 100_000)]


def added(where: Place, pieces: list[bytes], name: str = NAME) -> None:
    with where.adding(name, pieces):
        pass


def stored(server: Server) -> list[str]:
    """The objects, and whatever else the server has in its folder."""
    return sorted(
        path.relative_to(server.folder).as_posix() for path in server.folder.rglob("*") if path.is_file()
    )


def test_a_chain_in_a_bucket_is_the_one_that_a_folder_would_hold(
    server: Server, store: Store, tmp_path: Path
) -> None:
    folder = tmp_path.with_name(f"{tmp_path.name}-backups")
    for kind in ("full", "incremental"):
        shop.order(store)
        there, here = store.backup(kind, to=TO), store.backup(kind, to=folder)
        assert there.where == f"{TO}/{here.name}"
        assert (there.manifest, there.size, there.reason) == (here.manifest, here.size, None)
    for name in shelf.archives(folder):
        assert (server.folder / "bucket/pre/fix" / name).read_bytes() == (folder / name).read_bytes()
    assert list(map(str, place().names())) == shelf.archives(folder)
    verdicts = verify(Shelf(place()), shelf.archives(folder), store.engine.identity)
    assert [(one.name, one.links, one.findings) for one in verdicts] == [
        (name, number, []) for number, name in enumerate(shelf.archives(folder))
    ]


def test_an_incremental_archive_goes_on_from_the_newest_in_the_bucket(server: Server, store: Store) -> None:
    shop.order(store)
    assert store.backup("incremental", to=TO).reason == "there is no archive to go on from"
    shop.order(store)
    made = store.backup("incremental", to=TO)
    assert (made.reason, made.manifest.from_ and made.manifest.from_.seq) == (None, 1)


def test_archives_are_pruned_in_a_bucket(server: Server, store: Store) -> None:
    for _ in range(3):
        shop.order(store)
        store.backup(to=TO)
    pruned = prune(place(), store.engine.identity, Keep(last=1), wait=0)
    assert [bool(one.reasons) for one in pruned.archives] == [False, False, True]
    assert [str(one) for one in place().names()] == [str(pruned.archives[-1].name)]


def test_what_has_another_name_or_lies_deeper_is_no_archive(server: Server) -> None:
    folder = server.bucket("bucket") / "pre/fix"
    (folder / "tcps-deeper").mkdir(parents=True)
    for path in ("x", f"{NAME}.part", f"tcps-deeper/{NAME}"):
        (folder / path).write_text("x")
    (server.folder / "bucket" / NAME).write_text("x")
    assert place().names() == []
    assert at("s3://bucket", Disk()).names() == [Name.parsed(NAME)]
    assert at("s3://bucket/", Disk()).where(NAME) == f"s3://bucket/{NAME}"


def test_an_object_that_is_no_archive_is_a_finding(server: Server) -> None:
    folder = server.bucket("bucket") / "pre/fix"
    folder.mkdir(parents=True)
    for content in (b"", b"garbage"):
        (folder / NAME).write_bytes(content)
        with pytest.raises(IntegrityError, match="it does not begin as an archive does"):
            opened(NAME)
    with pytest.raises(IntegrityError, match="is no plain file"):
        opened(NAME.replace("full", "incremental"))


def test_a_list_fetches_the_beginning_of_an_archive_alone(
    server: Server, store: Store, tmp_path: Path, wired: Callable[..., None]
) -> None:
    (store.folder / "artifacts").mkdir(exist_ok=True)
    (store.folder / "artifacts/noise").write_bytes(b"".join(noise(3_000_000)))
    made = store.backup(to=TO)
    assert made.size > 3_000_000
    wired(down=700_000)
    assert opened(str(made.name)).manifest == made.manifest
    assert place().size(str(made.name)) == made.size


def test_a_large_archive_travels_in_parts(server: Server) -> None:
    pieces = noise(20_000_000)
    told: list[tuple[str, int, int]] = []
    with place().adding(NAME, pieces, progress=lambda *news: told.append(news)) as source:
        assert source.read_at(19_999_990, 100) == b"".join(pieces)[-10:]
        assert stored(server) == []
    assert (server.folder / "bucket/pre/fix" / NAME).read_bytes() == b"".join(pieces)
    assert [told[0], told[2]] == [("sending", 8 * 2**20, 20_000_000), ("sending", 20_000_000, 20_000_000)]
    assert told[-1] == ("reading back", 20_000_000, 20_000_000)
    source = place().source(NAME)
    assert source is not None
    assert source.read_at(19_999_990, 100) == b"".join(pieces)[-10:]
    source.require_here()
    server.kill()
    assert source.read_at(9_999_990, 100) == b"".join(pieces)[9_999_990:10_000_090]


def test_a_failed_body_leaves_nothing(server: Server) -> None:
    with pytest.raises(KeyError), place().adding(NAME, noise(100)):
        raise KeyError
    assert stored(server) == []


@pytest.mark.parametrize("up", [1000, 5_000_000, 9_000_000, 17_500_000])
def test_a_server_that_is_killed_during_an_upload_has_no_archive(
    server: Server, wired: Callable[..., None], up: int
) -> None:
    wired(up=up)
    with pytest.raises(PlaceError, match=r"^cannot write to s3://bucket/pre/fix: 127\.0\.0\.1:[0-9]+ "):
        added(place(), noise(20_000_000))
    with pytest.raises(PlaceError, match=r"cannot be reached|broke off"):
        place().names()


def test_after_the_server_was_killed_the_next_backup_goes_on(
    server: Server, store: Store, wired: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.order(store)
    (store.folder / "artifacts").mkdir(exist_ok=True)
    (store.folder / "artifacts/noise").write_bytes(b"".join(noise(20_000_000)))
    wired(up=12_000_000)
    with pytest.raises(PlaceError):
        store.backup(to=TO)
    again = Server(server.folder)
    try:
        monkeypatch.setenv("AWS_ENDPOINT_URL", again.url)
        assert place().names() == []
        made = store.backup("incremental", to=TO)
        assert made.reason == "there is no archive to go on from"
        assert [str(name) for name in place().names()] == [str(made.name)]
    finally:
        again.close()


def test_a_server_that_is_killed_during_a_download_is_no_damage(
    server: Server, wired: Callable[..., None]
) -> None:
    added(place(), noise(20_000_000))
    wired(down=10_000_000)
    source = place().source(NAME)
    assert source is not None
    with pytest.raises(PlaceError, match="cannot read"):
        source.require_here()


def test_what_does_not_arrive_as_it_was_sent_is_removed(server: Server, wired: Callable[..., None]) -> None:
    wired(changed=(b"sound", b"other"))
    with pytest.raises(IntegrityError, match="did not arrive as it was sent, and was removed"):
        added(place(), [b"sound"])
    assert stored(server) == []


def test_what_must_not_be_checked_is_not_read_back(server: Server, wired: Callable[..., None]) -> None:
    wired(changed=(b"sound", b"other"))
    with place().adding(NAME, [b"sound"], check=False):
        pass
    assert (server.folder / "bucket/pre/fix" / NAME).read_bytes() == b"sound"


def test_parts_that_a_crash_has_left_are_removed_by_the_next_backup(server: Server) -> None:
    client, mine = s3_client(), {"Bucket": "bucket", "Key": f"pre/fix/{NAME}"}
    other = mine | {"Key": "pre/fix/other"}
    for one in (mine, other):
        client.upload_part(
            **one,
            PartNumber=1,
            UploadId=client.create_multipart_upload(**one)["UploadId"],
            Body=b"x" * 6_000_000,
        )
    place().clear("0123456789abcdef")
    left = client.list_multipart_uploads(Bucket="bucket")["Uploads"]
    assert [one["Key"] for one in left] == [other["Key"]]


def test_only_one_at_a_time_adds_or_removes_archives(server: Server, store: Store) -> None:
    held = place().lock(store.store_id, 0)
    held.acquire()
    with pytest.raises(LockTimeout, match=r"s3://bucket/pre/fix"):
        store.backup(to=TO, wait=0)
    held.close()
    assert store.backup(to=TO, wait=0).verified


FAILURES = {
    "s3://nobucket/x": (r"cannot list s3://nobucket/x: 127\.0\.0\.1:[0-9]+ has no bucket nobucket", {}),
    "wrong secret": (
        "cannot list s3://bucket/pre/fix: .* refuses it \\(SignatureDoesNotMatch\\)",
        {"AWS_SECRET_ACCESS_KEY": "wrong"},
    ),
    "wrong key": ("refuses it \\(InvalidAccessKeyId\\)", {"AWS_ACCESS_KEY_ID": "wrong"}),
    "no key": ("there are no credentials for it", {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}),
    "nobody there": ("127.0.0.1:1 cannot be reached", {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}),
    "no such host": ("none.invalid cannot be reached", {"AWS_ENDPOINT_URL": "http://none.invalid"}),
    "no URL": ("`x://host` was not a valid URI", {"AWS_ENDPOINT_URL": "x://name:hidden@host"}),
    "no profile": ("none-such", {"AWS_PROFILE": "none-such"}),
    "no number": ("TCPS_BACKUP_TIMEOUT takes seconds", {"TCPS_BACKUP_TIMEOUT": "-1"}),
}


@pytest.mark.parametrize("what", FAILURES)
def test_each_failure_is_one_line_without_a_secret(
    server: Server, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    wanted, changes = FAILURES[what]
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(TcpsError, match=wanted) as found:
        at(what if "://" in what else TO, Disk()).names()
    said = str(found.value.as_json())
    assert len(found.value.message.splitlines()) == 1
    assert not [one for one in (objects.SECRET, objects.KEY, "hidden") if one in said]


def test_a_server_that_never_answers_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TCPS_BACKUP_TIMEOUT", "0.2")
    with objects.silent() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        where = place()
        with pytest.raises(PlaceError, match=r"did not answer for 0\.2 s"):
            where.names()
        with pytest.raises(PlaceError, match=r"cannot write to .* did not answer for 0\.2 s"):
            added(where, noise(20_000_000))


def test_a_server_that_falls_silent_in_the_middle_of_an_archive_is_given_up(
    server: Server, monkeypatch: pytest.MonkeyPatch, wired: Callable[..., None]
) -> None:
    added(place(), noise(2_000_000))
    monkeypatch.setenv("TCPS_BACKUP_TIMEOUT", "0.5")
    wired(silent=1_000_000)
    source = place().source(NAME)
    assert source is not None
    with pytest.raises(PlaceError, match=r"cannot read .* did not answer for 0\.5 s"):
        source.require_here()


def test_without_the_extra_the_error_says_how_to_install_it(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "botocore.exceptions", None)
    with pytest.raises(TcpsError, match="need the extra s3") as found:
        place().names()
    assert found.value.hint == "pip install 'tcps[s3]'"


@pytest.mark.parametrize(
    "url",
    [
        "gs://bucket/x",
        "s3://",
        "s3:///x",
        "s3://KEY:hidden@bucket/x",
        "s3://bucket/../x",
        "s3://bucket//x",
        "s3://bucket/x?hidden",
        "s3://bucket/ x",
        "S3://bucket/x",
    ],
)
def test_any_other_url_is_refused_and_not_repeated(store: Store, url: str) -> None:
    for refused in (lambda: store.backup(to=url), lambda: store.production.set_policy("backup_dir", url)):
        with pytest.raises(
            InvalidInput, match="takes a folder or s3://BUCKET/PREFIX, and no other URL"
        ) as found:
            refused()
        assert "hidden" not in str(found.value.as_json())


def test_the_policy_and_the_environment_may_name_a_bucket(
    server: Server, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.production.set_policy("backup_dir", "s3://bucket/policy")
    assert store.backup().where.startswith("s3://bucket/policy/tcps-")
    monkeypatch.setenv("TCPS_BACKUP_DIR", "s3://bucket/environment")
    assert store.backup().where.startswith("s3://bucket/environment/tcps-")
