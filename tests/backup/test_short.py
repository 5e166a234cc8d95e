"""Digests that follow from the records are left out of an archive's lines, and every line comes back."""

import random
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tcps.backup.short import shortened, whole
from tcps.canonical import file_bytes, line_bytes, sha256_hex
from tests.backup import shelf
from tests.store import shop, workload
from tests.store.faults import QuickDisk

STORE = "0123456789abcdef"
DIGEST = "0" * 64


def back(block: bytes) -> list[bytes]:
    """The lines of a block, given in pieces."""
    pieces = [block[at : at + 100] for at in range(0, len(block), 100)]
    return [line.content for lines in whole(pieces, STORE) for line in lines]


def change(kind: str, name: str, record: Any, sha256: Any = "") -> Any:
    own = sha256_hex(file_bytes(record))
    return {
        "id": name,
        "kind": kind,
        "record": record,
        "revision": 1,
        "sha256": own if sha256 == "" else sha256,
    }


def line(*changes: Any, action: str = "do") -> bytes:
    return line_bytes({"action": action, "actor": "a", "changes": changes, "seq": 1, "time": "now"})


def test_no_digest_of_a_record_is_left_in_a_block_of_a_stores_lines(tmp_path: Path) -> None:
    """Format 13.4."""
    disk = QuickDisk()
    workload.begin(tmp_path, disk)
    with shop.opened(tmp_path, disk=disk) as store:
        for step in workload.UNDISTURBED:
            step(store)
        for _ in range(3):
            shop.receipt(store)
        lines, store_id = shelf.ledger(tmp_path).split(b"\n")[:-1], store.store_id
    block = shortened(lines, store_id)
    found = [line for some in whole([block], store_id) for line in some]
    assert [line.content for line in found] == lines
    assert all(line.proven for line in found)
    assert block.count(b'"previous":"sha256:"') > 3
    assert block.count(b'"head":"sha256:"') > 3
    assert b'"previous":"sha256:0' not in block
    assert all(digit not in block for digit in _digests(lines))


def _digests(lines: list[bytes]) -> set[bytes]:
    import re

    return {found for one in lines for found in re.findall(rb'"sha256":"([0-9a-f]{64})"\}', one)}


def test_a_line_in_which_a_digest_is_wrong_or_missing_is_kept_as_it_is() -> None:
    """Format 13.4."""
    sound = line(change("work_order", "WO-1", {"a": 1}))
    for wrong in (
        line(change("work_order", "WO-1", {"a": 1}, DIGEST)),
        line(change("work_order", "WO-1", {"a": 1}) | {"sha256": ""}),
        line(change("sku", "S", {"a": 1, "head": "sha256:", "sku_id": "S"})),
        line(change("receipt", "R", {"a": 1, "previous": "sha256:", "sku_id": "S"})),
    ):
        block = shortened([sound, wrong], STORE)
        assert back(block) == [sound, wrong]
        assert shortened([wrong], STORE) in (b" " + wrong + b"\n", wrong + b"\n")


def test_records_that_look_like_what_is_left_out_come_back() -> None:
    """Format 13.4."""
    inner = {
        "id": "x",
        "kind": "sku",
        "record": {"head": f"sha256:{DIGEST}"},
        "revision": 1,
        "sha256": DIGEST,
    }
    lines = [
        line(change("work_order", "WO-1", {"a": [inner, '"revision":1,"sha256":""}'], "revision": 1})),
        line(change("sku", "S", {"a": 1, "head": f"sha256:{DIGEST}", "metadata": {"head": "sha256:"}})),
        line(
            change("receipt", "R", {"evidence": {"previous": f"sha256:{DIGEST}"}, "previous": "x", "z": []})
        ),
        line(change("receipt", "R", {}), change("sku", "", {}), change("policy", "policy", None, None)),
        line(change("sku", "S", {"a": 'é\u2028😀\\"\n'}), action='"record":{'),
        b"no line",
        b"",
        b" a space",
        b'{"changes":[{"kind":"sku","id":"x","revision":1,"record":[]}]}',
    ]
    assert back(shortened(lines, STORE)) == lines
    random.Random(1).shuffle(lines)
    assert back(shortened(lines, STORE)) == lines


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(), one, max_size=3),
    max_leaves=8,
)
_RECORD = st.fixed_dictionaries(
    {},
    optional={
        "evidence": _JSON,
        "head": st.sampled_from(["", "sha256:", f"sha256:{DIGEST}"]),
        "previous": st.sampled_from(["", "sha256:", f"sha256:{DIGEST}"]),
        "sku_id": st.sampled_from(["A", "B"]),
        "z": _JSON,
    },
)
_CHANGE = st.builds(
    change,
    st.sampled_from(["receipt", "sku", "work_order"]),
    st.sampled_from(["A", "B", "1"]),
    _RECORD | st.none(),
    st.sampled_from(["", "", "", DIGEST, None]),
)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.lists(st.lists(_CHANGE, max_size=3).map(lambda changes: line(*changes)) | st.binary(max_size=20)))
def test_any_line_comes_back(lines: list[bytes]) -> None:
    """Format 13.4."""
    lines = [one.replace(b"\n", b"") for one in lines]
    assert back(shortened(lines, STORE)) == lines


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.binary() | _JSON.map(line_bytes))
def test_bytes_that_never_were_a_block_do_no_harm(content: bytes) -> None:
    """Format 13.7."""
    lines = [line for some in whole([content], STORE) for line in some]
    assert sum(len(line.content) for line in lines) <= 7 * len(content) + 1
