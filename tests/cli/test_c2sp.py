"""What others who speak the formats of C2SP say of our checkpoints and proofs (format 9).

The judge is `metamorphic-log`, which shares no code with us; the proof is taken apart here, by
c2sp.org/tlog-proof alone.
"""

import base64
import hashlib
from typing import NamedTuple

import pytest

from tests.cli.conftest import Tcps

judge = pytest.importorskip("metamorphic_log", reason="it is not made for this platform")


class Shown(NamedTuple):
    """A proof as its format says."""

    leaf: bytes
    index: int
    hashes: list[bytes]
    note: str


def taken_apart(proof: str) -> Shown:
    head, _, note = proof.partition("\n\n")
    magic, extra, index, *hashes = head.split("\n")
    assert magic == "c2sp.org/tlog-proof@v1"
    _, leaf = base64.b64decode(extra.removeprefix("extra ")).split(b"\n", 1)
    return Shown(leaf, int(index.removeprefix("index ")), [base64.b64decode(one) for one in hashes], note)


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + leaf).digest()


@pytest.fixture
def key(proven: Tcps) -> str:
    """The text of the store's key, by which a checkpoint of four entries is signed."""
    return proven("key", "generate").out.strip()


def test_a_signed_checkpoint_is_one_for_others(proven: Tcps, key: str) -> None:
    """Format 9.2."""
    made = proven("checkpoint", "--sign", "--json").json
    head = judge.checkpoint_verify(made["text"], [key])
    assert (head.origin, head.size) == (made["origin"], made["size"])
    assert base64.b64encode(head.root).decode() == made["root"]
    with pytest.raises(judge.VerifyError.Verification):
        judge.checkpoint_verify(made["text"].replace("\n4\n", "\n5\n"), [key])


@pytest.mark.parametrize("receipt", ["RCPT-1", "RCPT-2"])
def test_a_proof_is_one_for_others(proven: Tcps, key: str, receipt: str) -> None:
    """Format 9.4."""
    shown = taken_apart(proven("prove", receipt).out)
    judge.checkpoint_verify_inclusion(shown.note, [key], shown.index, leaf_hash(shown.leaf), shown.hashes)
    for index, leaf in ((shown.index + 1, shown.leaf), (shown.index, shown.leaf + b" ")):
        with pytest.raises(judge.VerifyError.Verification):
            judge.checkpoint_verify_inclusion(shown.note, [key], index, leaf_hash(leaf), shown.hashes)


def test_the_request_to_a_witness_proves_to_others_that_the_ledger_went_on(
    proven: Tcps, key: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    kept = tmp_path_factory.mktemp("kept") / "checkpoint"
    kept.write_text(proven("checkpoint", "--sign", "--json").json["text"], encoding="utf-8")
    for number in range(3):
        proven("work-order", "create", "--title", f"{number}")
    assert proven("checkpoint", "--sign").code == 0
    head, _, note = proven("checkpoint", "--since", str(kept)).out.partition("\n\n")
    old, *hashes = head.split("\n")
    assert old == "old 4"
    proof = [base64.b64decode(one) for one in hashes]
    judge.checkpoint_verify_consistency(kept.read_text(encoding="utf-8"), note, [key], proof)
    with pytest.raises(judge.VerifyError.Verification):
        judge.checkpoint_verify_consistency(
            kept.read_text(encoding="utf-8"), note, [key], [bytes(32), *proof[1:]]
        )
