"""Archives that no backup writes, made by one who knows the format: sealed, with digests that fit."""

import io
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import to_builtins

from tcps.backup import Point, coding
from tcps.canonical import file_bytes, line_bytes, parse, sha256_hex
from tcps.merkle import Tree, leaf_hash
from tests.backup import shelf

Item = tuple[tarfile.TarInfo, bytes]


def item(name: str, content: bytes = b"", **fields: Any) -> Item:
    """A member with any header."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o600
    for field, value in fields.items():
        setattr(info, field, value)
    return info, content


def items(path: Path) -> dict[str, Item]:
    """The members of an archive."""
    return {name: item(name, content) for name, content in shelf.members(path).items()}


def sealed(path: Path, content: bytes, coder: coding.Coder | None = None) -> Path:
    """A file with this content, compressed and sealed."""
    path.write_bytes(b"".join((coder or coding.best()).pieces(iter([content]))))
    return path


def tarred(members: Iterable[Item], end: bytes = bytes(1024)) -> bytes:
    """Members one after the other."""
    made = io.BytesIO()
    for info, content in members:
        made.write(info.tobuf(tarfile.PAX_FORMAT) + content + bytes(-len(content) % 512))
    return made.getvalue() + end


def rewritten(path: Path, **fields: Any) -> Path:
    """The archive with other fields in its manifest."""
    found = items(path)
    manifest = parse(found["manifest.json"][1]) | fields
    return replaced(path, {"manifest.json": file_bytes(manifest)})


def replaced(path: Path, contents: Mapping[str, bytes]) -> Path:
    """The archive with other contents, which are not in the manifest."""
    found = items(path) | {name: item(name, content) for name, content in contents.items()}
    return sealed(path, tarred(found.values()))


def listed(path: Path, contents: Mapping[str, bytes], **fields: Any) -> Path:
    """The archive with other contents, and a manifest that lists them."""
    found = {name: content for name, (_, content) in items(path).items()} | contents
    manifest = parse(found.pop("manifest.json")) | fields
    manifest["members"] = [
        {"path": name, "sha256": sha256_hex(found[name]), "size": len(found[name])} for name in sorted(found)
    ]
    made = {"manifest.json": file_bytes(manifest)} | {name: found[name] for name in sorted(found)}
    return sealed(path, tarred(item(name, content) for name, content in made.items()))


def relined(path: Path, lines: Sequence[bytes]) -> Path:
    """A full archive with other lines, and everything that follows from them."""
    tree, content = Tree(), b"".join(line + b"\n" for line in lines)
    for line in lines:
        tree.append(leaf_hash(line))
    manifest = parse(items(path)["manifest.json"][1])
    for one in manifest["members"]:
        if one["path"].startswith("entries/"):
            one |= {"size": len(content), "sha256": sha256_hex(content)}
    manifest["to"] = to_builtins(Point.at(tree, 1, len(content), parse(lines[-1])["time"]))
    block = b"".join(b" " + line + b"\n" for line in lines)
    return replaced(path, {"manifest.json": file_bytes(manifest), "entries/000000000001.jsonl": block})


def changed(line: bytes, revision: int) -> bytes:
    """A line with the first record at another revision, and the digest that follows."""
    entry = parse(line)
    change = entry["changes"][0]
    change["record"]["revision"] = change["revision"] = revision
    change["sha256"] = sha256_hex(file_bytes(change["record"]))
    return line_bytes(entry)
