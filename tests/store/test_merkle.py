"""The Merkle tree against another implementation, the reference roots, and its own packed form."""

import hashlib

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcps.merkle import Checkpoint, Tree, leaf_hash

# Leaves and roots of the Certificate Transparency reference tests for RFC 6962.
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
ROOT = hashlib.sha256(b"root").digest()


def tree_of(leaves: list[bytes]) -> Tree:
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf_hash(leaf))
    return tree


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_reference(size: int) -> None:
    assert tree_of(LEAVES[:size]).root().hex() == ROOTS[size]


def test_roots_agree_with_an_independent_implementation() -> None:
    theirs, ours = pymerkle.InmemoryTree(algorithm="sha256"), Tree()
    assert ours.root() == hashlib.sha256().digest()
    for size in range(1, 301):
        leaf = f"line {size}".encode()
        theirs.append_entry(leaf)
        ours.append(leaf_hash(leaf))
        assert ours.root() == theirs.get_root(), size


@given(st.lists(st.binary(max_size=8), max_size=70), st.integers(0, 70))
def test_a_packed_tree_grows_on_as_if_it_had_never_been_packed(leaves: list[bytes], at: int) -> None:
    half = tree_of(leaves[:at])
    tree = Tree.unpacked(half.size, half.packed())
    for leaf in leaves[at:]:
        tree.append(leaf_hash(leaf))
    assert tree.root() == tree_of(leaves).root()


def test_a_frontier_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        Tree.unpacked(3, bytes(32))


@given(
    st.from_regex(r"tcps/[0-9a-f]{16}", fullmatch=True),
    st.integers(0, 10**18),
    st.binary(min_size=32, max_size=32),
)
def test_a_checkpoint_reads_back_as_it_was_written(origin: str, size: int, root: bytes) -> None:
    checkpoint = Checkpoint(origin, size, root)
    assert Checkpoint.parsed(checkpoint.text()) == checkpoint


TEXT = Checkpoint("tcps/1", 7, ROOT).text()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(TEXT[:-1], id="no newline at the end"),
        pytest.param(TEXT + "\n", id="one line more"),
        pytest.param(TEXT.replace("\n7\n", "\n07\n"), id="leading zero"),
        pytest.param(TEXT.replace("\n7\n", "\n+7\n"), id="sign"),
        pytest.param(TEXT.replace("\n7\n", "\n٧\n"), id="digit of another script"),
        pytest.param(TEXT.replace("\n7\n", "\n\n"), id="no size"),
        pytest.param(TEXT.replace("\n", "\r\n"), id="carriage returns"),
        pytest.param(TEXT.replace("tcps/1\n", "\n"), id="no origin"),
        pytest.param(TEXT.replace("=\n", "\n"), id="root without padding"),
        pytest.param(TEXT[:-3] + chr(ord(TEXT[-3]) + 1) + "=\n", id="root with loose bits"),
    ],
)
def test_a_checkpoint_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"it is not three lines|canonical base64"):
        Checkpoint.parsed(text)
