"""What a verifier finds in a scene, by how much of it is known."""

import contextlib
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tcps.canonical import file_bytes, genesis, parse, sha256_hex
from tcps.cli.root import run
from tcps.files import Disk
from tcps.model import Receipt, Sku, system_clock
from tcps.projections.records import relative_path, sku_folder
from tcps.rules.chain import Chain, Expected, judge
from tests.attacks.scene import Scene
from tests.attacks.table import Cell


def look(scene: Scene, level: str) -> Cell:
    """What a verifier with the knowledge of a level finds."""
    if level == "files":
        classes = frozenset(by_files(scene.root, scene.store_id, "app-1"))
        return Cell(classes, 12 if classes else 0)
    anchor = ["--anchor", str(scene.folder / "anchor.txt")] if level == "anchor" else []
    return by_command(scene, level, ["verify", *anchor])


def by_command(scene: Scene, level: str, arguments: list[str]) -> Cell:
    """What a command says to a user whose home is the level's."""
    out, err = io.StringIO(), io.StringIO()
    with _home(scene.folder / level), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([*arguments, "--json", "--store", str(scene.folder / "store")])
    failed = [line for line in err.getvalue().splitlines() if line.startswith('{"error":')]
    if failed or not out.getvalue():  # a list may have begun (interface 2)
        assert json.loads(failed[-1])["error"]["code"] != "internal_error", err.getvalue()
        return Cell(frozenset(), code)
    report = json.loads(out.getvalue())
    findings = report.get("findings", []) if isinstance(report, dict) else []
    return Cell(frozenset(one["class"] for one in findings if one["kind"] == "integrity"), code)


@contextlib.contextmanager
def _home(folder: Path) -> Iterator[None]:
    before = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("TCPS_")}
    os.environ["TCPS_HOME"] = str(folder)
    try:
        yield
    finally:
        del os.environ["TCPS_HOME"]
        os.environ.update(before)


def by_files(root: Path, store_id: str, sku_id: str) -> set[str]:
    """The classes of what a SKU's folder shows by itself: the steps that format 6.3 does by hand."""
    classes, disk, folder = set[str](), Disk(), root / sku_folder(sku_id)
    chain: list[Expected] = []
    for path in disk.walk(folder / "receipts"):
        name = path.relative_to(root).as_posix()
        content = disk.read_plain(path)
        try:
            value = parse(content or b"")
            receipt = msgspec.convert(value, Receipt)
            if relative_path("receipt", receipt.id, value) != name or receipt.sku_id != sku_id:
                classes.add("MISFILED")
        except ValueError:
            classes.add("UNREADABLE")
            continue
        if file_bytes(value) != content:
            classes.add("NONCANONICAL")
        chain.append(Expected.of(receipt, name, sha256_hex(content or b"")))
    chain.sort(key=lambda expected: expected.sequence)
    found = {expected.path: expected.sha256 for expected in chain}
    verdict = judge(
        Chain(store_id=store_id, sku_id=sku_id, expected=chain, found=found, read=_none, wanted=_empty),
        system_clock(),
    )
    classes |= {finding.class_ for finding in verdict.findings if finding.kind == "integrity"}
    return classes | _head(disk.read_plain(folder / "sku.json"), chain, genesis(store_id, sku_id))


def _head(content: bytes | None, chain: list[Expected], start: str) -> set[str]:
    """Whether the SKU names the newest receipt as its head."""
    if content is None:
        return {"MISSING"} if chain else set()
    try:
        sku = msgspec.json.decode(content, type=Sku)
    except ValueError:
        return {"UNREADABLE"}
    newest = f"sha256:{chain[-1].sha256}" if chain else start
    return {"MISSING"} if sku.receipt_count > len(chain) else set() if sku.head == newest else {"FORKED"}


def _none(path: str) -> bytes | None:
    return None


def _empty(expected: Expected) -> bytes:
    return b""
