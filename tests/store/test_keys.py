"""Signed notes and keys: the reference's own key and note, and what is refused."""

from pathlib import Path

import pytest

from tcps.errors import InvalidInput, Undecided
from tcps.home import Home
from tcps.keys import SigningKey, VerifierKey
from tcps.merkle import Checkpoint, Signature, Signed, notes

# The key and the note of the tests of golang.org/x/mod/sumdb/note, the reference for C2SP signed-note.
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
VALUE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
NOTE = f"{TEXT}\n— PeterNeumann {VALUE}\n"
SIZES = Checkpoint("tcps/1", 3, bytes(32))


def test_the_reference_note_is_read_and_its_signature_holds() -> None:
    text, (signature,) = notes.parsed(NOTE.encode())
    key = VerifierKey.parsed(PUBLIC)
    assert text == TEXT
    assert key.made(signature)
    assert key.verifies(text, signature)
    assert not key.verifies(text.replace("cryptography", "cryptographY"), signature)
    assert key.text() == PUBLIC


def test_the_reference_key_makes_the_reference_note() -> None:
    key = SigningKey.parsed(SECRET)
    assert notes.written(TEXT, [key.sign(TEXT)]) == NOTE
    assert (key.text(), key.verifier().text()) == (SECRET, PUBLIC)


def test_a_new_key_signs_what_its_public_half_verifies() -> None:
    key = SigningKey.generated("example.com/line")
    signed = Signed(SIZES).signed(key.sign(SIZES.text()))
    read = Signed.parsed(signed.text().encode())
    assert read == signed
    assert key.verifier().verifies(read.checkpoint.text(), read.signatures[0])
    assert SigningKey.parsed(key.text()) == key
    assert key.text().rpartition("+")[2] not in repr(key)


def test_a_second_key_adds_its_line_and_a_repeated_one_does_not() -> None:
    first, second = (SigningKey.generated(name) for name in ("one", "two"))
    signed = Signed(SIZES).signed(first.sign(SIZES.text())).signed(second.sign(SIZES.text()))
    assert [one.name for one in signed.signatures] == ["one", "two"]
    assert [one.name for one in signed.signed(first.sign(SIZES.text())).signatures] == ["two", "one"]


def test_no_part_and_no_changed_character_of_a_key_is_a_key() -> None:
    texts = [PUBLIC[i:j] for i in range(len(PUBLIC)) for j in range(i + 1, len(PUBLIC) + 1)]
    texts.remove(PUBLIC)
    texts += [f"{PUBLIC[:i]}{chr(ord(c) + 1)}{PUBLIC[i + 1 :]}" for i, c in enumerate(PUBLIC)]
    for text in texts:
        with pytest.raises(InvalidInput):
            VerifierKey.parsed(text)


@pytest.mark.parametrize(
    "text", ["", PUBLIC, SECRET[:-1], SECRET.replace("c74f20a3", "c74f20a4"), SECRET.replace("+AY", "+BY")]
)
def test_what_is_no_signing_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        SigningKey.parsed(text)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "line\nbreak", "no\u00a0break", "\x00"])
def test_a_name_that_would_break_the_line_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        SigningKey.generated(name)


LINE = NOTE.rpartition("\n\n")[2]


@pytest.mark.parametrize(
    "note",
    [
        pytest.param(NOTE[:-1], id="no newline at the end"),
        pytest.param(NOTE.replace("— ", "- "), id="hyphen"),
        pytest.param(NOTE.replace("— Peter", "—  Peter"), id="two spaces"),
        pytest.param(NOTE.replace("PeterNeumann", "Peter+Neumann"), id="plus in the name"),
        pytest.param(NOTE.replace("PeterNeumann", "Peter\u2003Neumann"), id="space in the name"),
        pytest.param(NOTE.replace("=\n", "\n"), id="no padding"),
        pytest.param(NOTE.replace("nAM=", "nAN="), id="loose bits"),
        pytest.param(NOTE.replace("If", "\tIf"), id="tab"),
        pytest.param(TEXT + "\n", id="no signature"),
        pytest.param(TEXT + "\n" + LINE * 65, id="too many signatures"),
        pytest.param(TEXT + "\n— PeterNeumann x08g\n", id="no signature behind the id"),
    ],
)
def test_a_note_in_another_form_is_refused(note: str) -> None:
    with pytest.raises(ValueError, match=r"signature|control|another way|padding"):
        notes.parsed(note.encode())


def test_a_signature_by_another_key_of_the_name_is_not_taken_for_the_key_s() -> None:
    key, other = SigningKey.generated("tcps/1"), SigningKey.generated("tcps/1")
    signature = other.sign(SIZES.text())
    assert not key.verifier().made(signature)
    forged = Signature("tcps/1", key.verifier().key_id, signature.value)
    assert key.verifier().made(forged)
    assert not key.verifier().verifies(SIZES.text(), forged)
    assert not key.verifier().verifies(SIZES.text(), forged._replace(value=b"short"))


def test_a_home_keeps_keys_private_and_pins_their_public_halves(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    assert home.pinned() == home.signing_keys() == []
    key = SigningKey.generated("tcps/1")
    path = home.keep(key)
    assert path.stat().st_mode & 0o077 == 0
    assert home.signing_keys() == [key]
    assert home.pinned("tcps/1") == [key.verifier()]
    assert home.pinned("tcps/2") == []
    home.unpin(key.verifier())
    assert home.pinned() == []


def test_a_home_remembers_the_newest_checkpoint_and_goes_back_only_when_told(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    assert home.remembered("tcps/1") is None
    older = SIZES._replace(size=2)
    for checkpoint, also_older, wanted in [
        (SIZES, False, SIZES),
        (older, False, SIZES),
        (older, True, older),
        (SIZES, False, SIZES),
    ]:
        home.remember(checkpoint, also_older=also_older)
        assert home.remembered("tcps/1") == wanted
    assert home.remembered("tcps/2") is None


def test_what_is_garbled_in_a_home_leaves_no_verdict(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.remember(SIZES)
    home.anchor_file("tcps/1").write_text("no checkpoint\n")
    with pytest.raises(Undecided, match="cannot be read"):
        home.remembered("tcps/1")
    home.pin(VerifierKey.parsed(PUBLIC))
    for path in (tmp_path / "keys").iterdir():
        path.write_bytes(b"\xff")
    with pytest.raises(Undecided, match="cannot be read"):
        home.pinned()
