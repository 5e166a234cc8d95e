"""Proofs against another implementation, against the reference proofs, and against every false claim."""

import hashlib
from itertools import pairwise

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcps.merkle import Checkpoint, Signature, Signed, Tree, leaf_hash, proofs
from tcps.merkle.bundle import Proof
from tests.store.test_merkle import LEAVES, ROOTS

# Consistency proofs of the Certificate Transparency reference tests, by the sizes of the two trees.
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
# Inclusion proofs of the same tests, by the leaf's number and the tree's size.
INCLUSION = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}


def leaves_of(size: int) -> list[bytes]:
    return [leaf_hash(f"line {number}".encode()) for number in range(size)]


def theirs_of(size: int) -> pymerkle.InmemoryTree:
    entries = [f"line {number}".encode() for number in range(size)]
    return pymerkle.InmemoryTree.init_from_entries(entries, algorithm="sha256")


def hashes(leaves: list[bytes], ranges: list[proofs.Range]) -> list[bytes]:
    roots = proofs.Roots(ranges)
    for leaf in leaves:
        roots.append(leaf)
    return roots.hashes()


def root(leaves: list[bytes]) -> bytes:
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


@pytest.mark.parametrize(("sizes", "wanted"), CONSISTENCY.items())
def test_consistency_proofs_are_those_of_the_reference(sizes: tuple[int, int], wanted: list[str]) -> None:
    old, size = sizes
    proof = hashes([leaf_hash(leaf) for leaf in LEAVES[:size]], proofs.consistency(old, size))
    assert [one.hex() for one in proof] == wanted
    assert proofs.is_consistent(old, size, bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[size]), proof)


@pytest.mark.parametrize(("place", "wanted"), INCLUSION.items())
def test_inclusion_proofs_are_those_of_the_reference(place: tuple[int, int], wanted: list[str]) -> None:
    index, size = place
    leaves = [leaf_hash(leaf) for leaf in LEAVES[:size]]
    proof = hashes(leaves, proofs.inclusion(index, size))
    assert [one.hex() for one in proof] == wanted
    assert proofs.root_of(leaves[index], index, size, proof).hex() == ROOTS[size]


@pytest.mark.parametrize("size", [*range(1, 301), 65_536])
def test_proofs_agree_with_an_independent_implementation(size: int) -> None:
    """At every size up to 300 and at 65,536; of a large tree the first, the last and some leaves between."""
    leaves, theirs = leaves_of(size), theirs_of(size)
    top = root(leaves)
    assert top == theirs.get_root()
    for index in sorted({0, size // 3, size // 2, size - 1}):
        ours = hashes(leaves, proofs.inclusion(index, size))
        # their path starts with the leaf itself and their leaves count from one
        assert [leaves[index], *ours] == [bytes.fromhex(h) for h in _path(theirs, index + 1)], index
        assert proofs.root_of(leaves[index], index, size, ours) == top
    for old in sorted({1, size // 3 or 1, size // 2 or 1, size}):
        ours = hashes(leaves, proofs.consistency(old, size))
        assert proofs.is_consistent(old, size, root(leaves[:old]), top, ours)
        proof = theirs.prove_consistency(old, size)
        pymerkle.verify_consistency(theirs.get_root(old), top, proof)


def _path(tree: pymerkle.InmemoryTree, index: int) -> list[str]:
    proof = tree.prove_inclusion(index)
    pymerkle.verify_inclusion(tree.get_leaf(index), tree.get_root(), proof)
    path: list[str] = proof.serialize()["path"]
    return path


@given(st.integers(1, 70), st.data())
def test_a_false_claim_has_no_proof(size: int, data: st.DataObject) -> None:
    """Another leaf, place, size or hash, one hash more or fewer: the same root never comes out."""
    leaves, index = leaves_of(size), data.draw(st.integers(0, size - 1))
    proof, top = hashes(leaves, proofs.inclusion(index, size)), root(leaves)
    leaf = leaves[index]
    false = [
        (leaf_hash(b"another"), index, size, proof),
        (leaf, index, size, [*proof, leaf]),
        (leaf, index + size, size, proof),
    ]
    false += [(leaf, other, size, proof) for other in range(size) if other != index]
    if proof:
        false.append((leaf, index, size, proof[:-1]))
        false += [(leaf, index, size, [*proof[:n], leaf, *proof[n + 1 :]]) for n in range(len(proof))]
    for claim in false:
        try:
            assert proofs.root_of(*claim) != top
        except ValueError:
            continue


@given(st.integers(1, 70), st.data())
def test_another_history_is_never_consistent(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size))
    leaves = leaves_of(size)
    proof, top = hashes(leaves, proofs.consistency(old, size)), root(leaves)
    before = root(leaves[:old])
    assert proofs.is_consistent(old, size, before, top, proof)
    forked = root([leaf_hash(b"forked"), *leaves[1:old]])
    assert not proofs.is_consistent(old, size, forked, top, proof)
    assert not proofs.is_consistent(old, size, before, top, [*proof, top])
    assert not proofs.is_consistent(old + size, size, before, top, proof)
    for shorter, _ in pairwise(range(len(proof) + 1)):
        assert not proofs.is_consistent(old, size, before, top, proof[:shorter])


def test_every_tree_goes_on_from_the_empty_one() -> None:
    assert proofs.consistency(0, 7) == []
    assert proofs.is_consistent(0, 7, root([]), root(leaves_of(7)), [])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_a_leaf_that_is_not_there_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="there is no leaf"):
        proofs.inclusion(index, size)


def test_a_smaller_tree_is_no_continuation() -> None:
    with pytest.raises(ValueError, match="no beginning"):
        proofs.consistency(3, 2)


SIGNED = Signed(
    Checkpoint("tcps/1", 8, bytes.fromhex(ROOTS[8])), (Signature("tcps/1", b"\x01\x02\x03\x04", bytes(64)),)
)
PROOF = Proof(b"RCPT-1\nline", 5, tuple(map(bytes.fromhex, INCLUSION[5, 8])), SIGNED)


def test_a_proof_file_reads_back_as_it_was_written() -> None:
    for proof in (
        PROOF,
        PROOF._replace(extra=None),
        PROOF._replace(hashes=()),
        PROOF._replace(signed=SIGNED),
    ):
        assert Proof.parsed(proof.text().encode()) == proof
    assert PROOF.holds(LEAVES[5])
    assert not PROOF.holds(LEAVES[4])
    assert not PROOF._replace(leaf_index=8).holds(LEAVES[5])


def test_a_proof_file_is_as_the_format_says() -> None:
    lines = PROOF.text().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1] == "extra UkNQVC0xCmxpbmU="
    assert lines[2] == "index 5"
    assert lines[6] == ""
    assert lines[7:10] == SIGNED.checkpoint.text().split("\n")[:3]


TEXT = PROOF.text()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(TEXT[:-1], id="no newline at the end"),
        pytest.param(TEXT.replace("@v1", "@v2"), id="another version"),
        pytest.param(TEXT.replace("index 5", "index 05"), id="leading zero"),
        pytest.param(TEXT.replace("index 5", "index -5"), id="sign"),
        pytest.param(TEXT.replace("extra ", "extra"), id="no space"),
        pytest.param(TEXT.replace("extra UkN", "extra !kN"), id="no base64"),
        pytest.param(TEXT.replace("pbmU=", "pbmV="), id="loose bits"),
        pytest.param(TEXT.replace("\n\n", "\n", 1), id="no empty line"),
        pytest.param(TEXT.replace("index 5\n", "index 5\nAAAA\n"), id="short hash"),
        pytest.param(TEXT.replace("\n", "\r\n"), id="carriage returns"),
    ],
)
def test_a_proof_file_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - which of the readers refuses does not matter
        Proof.parsed(text.encode())


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_with_a_value_error(content: bytes) -> None:
    for read in (Proof.parsed, Signed.parsed):
        with pytest.raises(ValueError):  # noqa: PT011
            read(content)


def test_the_empty_tree_has_the_root_of_nothing() -> None:
    assert hashes([], [(0, 0)]) == [hashlib.sha256().digest()]
