"""A genuine store with what an attacker may have beside it, and what a hand can do to its files."""

import shutil
from pathlib import Path
from typing import Any, NamedTuple

from tcps.canonical import file_bytes, genesis, parse, sha256_hex
from tcps.keys import SigningKey
from tcps.projections.records import relative_path, sku_folder
from tcps.store import Store
from tests.attacks.stores import Genuine


class Scene(NamedTuple):
    """One store under attack. Its key is pinned by its user, who has seen it as it was.

    `older` is a genuine copy from before its newest entries, `oldest` one from before anything was
    signed, `other` another store. `stolen` is the store's own key, `mallory` one that bears the same name.
    """

    folder: Path
    store_id: str
    stolen: SigningKey
    mallory: SigningKey

    @property
    def root(self) -> Path:
        """The `.tcps` folder."""
        return self.folder / "store/.tcps"

    @property
    def older(self) -> Path:
        return self.folder / "older/.tcps"

    @property
    def oldest(self) -> Path:
        return self.folder / "oldest/.tcps"

    @property
    def other(self) -> Path:
        return self.folder / "other/.tcps"

    def path(self, name: str) -> Path:
        """A file by its path below `.tcps`."""
        return self.root / name

    def receipts(self, sku_id: str = "app-1", root: Path | None = None) -> list[Path]:
        """The files of a chain, first to last."""
        return sorted(((root or self.root) / sku_folder(sku_id) / "receipts").iterdir())

    def sku(self, sku_id: str = "app-1") -> Path:
        """The SKU's own file."""
        return self.root / sku_folder(sku_id) / "sku.json"

    def record(self, kind: str, record_id: str) -> Path:
        """The file of a record that is no receipt."""
        return self.root / relative_path(kind, record_id)

    def segments(self) -> list[Path]:
        return sorted((self.root / "ledger").glob("*.jsonl"))


def scene(genuine: Genuine, folder: Path) -> Scene:
    """A copy of the genuine stores in a new folder, to be attacked."""
    shutil.copytree(genuine.folder, folder)
    name = genuine.key.name
    return Scene(folder, name.removeprefix("tcps/"), genuine.key, SigningKey.generated(name))


def graph(scene: Scene) -> Path:
    """The file of a graph that somebody has asked, kept by the engine whose files can be read."""
    with Store.open(scene.root, actor="alice") as store:
        kept = store.ontology("rdflib")
        with kept.at_head() as folder:
            return folder / "graph.nt"


def edit(path: Path, old: bytes, new: bytes) -> None:
    """Replace the first occurrence of some bytes, which must be there."""
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))


def flip(path: Path, bit: int) -> None:
    """Change one bit; a negative number counts from the end."""
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


def alter(path: Path, place: int) -> None:
    """Put another letter in the place of one of a base64 text, so that it stays one."""
    content = bytearray(path.read_bytes())
    content[place] = ord("A") if content[place] != ord("A") else ord("Q")
    path.write_bytes(content)


def swap(first: Path, second: Path) -> None:
    """Exchange the contents of two files."""
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)


def change_record(path: Path, **values: Any) -> None:
    """Give a record's file other values, in canonical form."""
    path.write_bytes(file_bytes(parse(path.read_bytes()) | values))


def relink_files(scene: Scene, sku_id: str = "app-1") -> None:
    """Let every receipt's file name the digest of the one before again, and the SKU the newest."""
    head = genesis(scene.store_id, sku_id)
    files = scene.receipts(sku_id)
    for path in files:
        change_record(path, previous=head)
        head = f"sha256:{sha256_hex(path.read_bytes())}"
    change_record(scene.sku(sku_id), head=head, receipt_count=len(files))


def put_back(scene: Scene, copy: Path) -> None:
    """Replace the whole store by a copy."""
    shutil.rmtree(scene.root)
    shutil.copytree(copy, scene.root)
