"""Each way to compress: what is written is read again, by tools too, and no more of it than is asked for."""

import hashlib
import io
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tcps.backup import coding
from tcps.backup.coding import Coder, CorruptError

STANDARD = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
CODERS = {
    "zstandard": coding.best(),
    "the standard library of 3.14": coding.of_standard(import_module(STANDARD)),
    "gzip": coding.GZIP,
}
CONTENT = b"".join(hashlib.sha256(bytes([n % 256])).digest() * 3 for n in range(40_000))


@pytest.fixture(params=CODERS.values(), ids=CODERS.keys())
def coder(request: pytest.FixtureRequest) -> Coder:
    found: Coder = request.param
    return found


def packed(coder: Coder, content: bytes = CONTENT) -> bytes:
    pieces = (content[at : at + 100_000] for at in range(0, len(content), 100_000))
    return b"".join(coder.pieces(pieces))


def unpacked(coder: Coder, content: bytes, most: int = 70_000) -> bytes:
    reader, pieces = coder.decoder(io.BytesIO(content)), list[bytes]()
    while piece := reader.read(most):
        assert len(piece) <= most
        pieces.append(piece)
    return b"".join(pieces)


def test_what_was_written_is_read_a_bounded_piece_at_a_time(coder: Coder) -> None:
    assert unpacked(coder, packed(coder)[: -coder.seal_bytes]) == CONTENT


def test_the_seal_is_of_all_before_it_and_tools_pass_it_over(coder: Coder, tmp_path: Path) -> None:
    """Format 13.2."""
    content = packed(coder)
    body = content[: -coder.seal_bytes]
    assert content == body + coder.seal(hashlib.sha256(body).digest())
    (tmp_path / "file").write_bytes(content)
    tool = {"zst": "zstd", "gz": "gzip"}[coder.suffix]
    with open(tmp_path / "file", "rb") as file:
        done = subprocess.run([tool, "-dc"], stdin=file, capture_output=True, check=True)
    assert (done.stdout == CONTENT, done.stderr) == (True, b"")


def test_the_same_content_gives_the_same_bytes_in_whatever_pieces_it_comes(coder: Coder) -> None:
    """Format 13.2."""
    assert packed(coder) == b"".join(coder.pieces(iter([CONTENT[:7], CONTENT[7:]])))


def test_each_reads_what_the_others_wrote() -> None:
    first, second, _ = CODERS.values()
    for one, other in ((first, second), (second, first)):
        assert unpacked(other, packed(one)[: -one.seal_bytes]) == CONTENT


def test_what_is_no_compressed_file_is_told(coder: Coder) -> None:
    body = packed(coder)[: -coder.seal_bytes]
    for broken in (b"x" * 100, body[:1000] + b"x" * 100 + body[1100:], body + b"x"):
        with pytest.raises(CorruptError):
            unpacked(coder, broken)
    assert CONTENT.startswith(unpacked(coder, body[: len(body) // 2]))


def test_an_endless_content_is_read_as_far_as_it_is_asked_for(coder: Coder) -> None:
    """Format 13.7: a hundred megabytes of zeros in a few kilobytes."""
    body = b"".join(coder.pieces(bytes(1 << 20) for _ in range(100)))[: -coder.seal_bytes]
    reader = coder.decoder(io.BytesIO(body))
    assert reader.read(1000) == bytes(1000)


def test_a_file_is_known_by_how_it_begins() -> None:
    assert coding.of(packed(coding.best(), b"x")[:4]) is not None
    found = coding.of(packed(coding.GZIP, b"x")[:4])
    assert found is coding.GZIP
    assert coding.of(b"") is coding.of(b"PK\3\4") is None
