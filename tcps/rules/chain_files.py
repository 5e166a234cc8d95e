"""Whether the files of a chain are those of the ledger (domain 8.2, steps 1 to 3 of `rules.chain`)."""

from collections.abc import Callable, Iterable, Mapping

from tcps.canonical import digest, file_bytes, parse
from tcps.rules.findings import Chain, Expected, Finding, broken

NO_RECORD = "its file cannot be read: it is no plain file, or longer than a record can be"


def files(chain: Chain) -> Iterable[Finding]:
    """Steps 1 to 3: each expected file, then every file that nobody expects."""
    promised = {expected.path: expected.sha256 for expected in chain.expected}
    same = chain.found == promised and len(promised) == len(chain.expected)
    return () if same else _differences(chain)


def _differences(chain: Chain) -> Iterable[Finding]:
    by_digest = {expected.sha256: expected for expected in chain.expected}
    for expected in chain.expected:
        if expected.path not in chain.found:
            yield broken("MISSING", expected, "its file is gone", got=None)
            continue
        got = chain.found[expected.path]
        if got == expected.sha256:
            continue
        content = chain.read(expected.path)
        if got is None or content is None:
            yield broken("UNREADABLE", expected, NO_RECORD, got=None)
        else:
            yield _changed(expected, content, chain.wanted, by_digest.get(got))
    places = {expected.path for expected in chain.expected}
    for path in sorted(set(chain.found) - places):
        yield _foreign(chain, path, by_digest)


def _changed(
    expected: Expected, content: bytes, promise: Callable[[Expected], bytes], other: Expected | None
) -> Finding:
    """What happened to a file whose bytes are not those of the ledger."""
    got = digest(content)
    if other is not None:
        why = f"its file holds receipt {other.receipt_id} (sequence {other.sequence})"
        return broken("REORDERED", expected, why, got=got)
    wanted = promise(expected)
    if len(content) < len(wanted) and wanted.startswith(content):
        why = f"its file ends after {len(content)} of {len(wanted)} bytes"
        return broken("TRUNCATED", expected, why, got=got)
    try:
        same = file_bytes(parse(content)) == wanted
    except (ValueError, TypeError):
        same = False
    if same:
        why = "its file says the same in other bytes (re-formatted, or a key given twice)"
        return broken("NONCANONICAL", expected, why, got=got)
    why = "its file was changed" + _where(wanted, content)
    return broken("EDITED", expected, why, got=got)


def _foreign(chain: Chain, path: str, by_digest: Mapping[str, Expected]) -> Finding:
    """A file that nobody expects there: a receipt from another place, or one that nobody knows."""
    sha256 = chain.found[path]
    other = None if sha256 is None else by_digest.get(sha256)
    if other is not None:
        why = f"{path} holds receipt {other.receipt_id}, which belongs in {other.path}"
        return Finding(
            kind="integrity",
            class_="MISFILED",
            path=path,
            sequence=other.sequence,
            stage=other.stage,
            receipt_id=other.receipt_id,
            expected=other.path,
            got=path,
            message=why,
        )
    got = None if sha256 is None else f"sha256:{sha256}"
    owner = _owner(chain.read(path))
    if owner is not None and owner != chain.sku_id:
        message = f"{path} says that it is a receipt of {owner}"
        return Finding(kind="integrity", class_="MISFILED", path=path, got=got, message=message)
    message = f"{path} is in the chain's folder and in no ledger line"
    return Finding(kind="integrity", class_="EXTRA", path=path, got=got, message=message)


def _owner(content: bytes | None) -> str | None:
    """The SKU that a receipt's file names; None when it is no such file."""
    try:
        value = None if content is None else parse(content)
    except ValueError:
        return None
    owner = value.get("sku_id") if isinstance(value, dict) else None
    return owner if isinstance(owner, str) else None


def _where(wanted: bytes, content: bytes) -> str:
    """The first line that differs, for a message."""
    pairs = zip(wanted.splitlines(), content.splitlines(), strict=False)
    for number, (line, other) in enumerate(pairs, start=1):
        if line != other:
            return f": line {number} is {_shown(other)}, was {_shown(line)}"
    return ""


def _shown(line: bytes) -> str:
    return repr(line[:80].decode("utf-8", "replace"))
