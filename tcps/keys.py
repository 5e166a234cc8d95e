"""Ed25519 keys of signed notes (c2sp.org/signed-note, RFC 8032), in the text forms of Go's package note.

A verifier key is `NAME+ID+KEY`, a signing key `PRIVATE+KEY+NAME+ID+KEY`: the id in hex, the key in base64
after a byte 1, which stands for Ed25519. The work is done by the package `cryptography` (extra `sign`).
"""

import base64
import hashlib
import re
from typing import Any, NamedTuple

from tcps.errors import Undecided, invalid_field
from tcps.merkle.notes import Signature, valid_name

_ED25519 = b"\x01"
_PRIVATE = "PRIVATE+KEY+"
_KEY = re.compile(r"([^+\n]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})")


class VerifierKey(NamedTuple):
    """A public key and its name."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256 over the name, a newline, the type and the key."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def text(self) -> str:
        """The key as text, without a newline: what others pin."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(self.public)}"

    @classmethod
    def parsed(cls, text: str) -> "VerifierKey":
        """The key of a text; raises InvalidInput with the reason."""
        name, key_id, public = _parsed(text, "a verifier key is NAME+ID+KEY")
        key = cls(name, public)
        if key.key_id != key_id:
            raise invalid_field("key", f"states the id {key_id.hex()}; its own is {key.key_id.hex()}")
        return key

    def made(self, signature: Signature) -> bool:
        """Whether a signature says that it is by this key."""
        return (signature.name, signature.key_id) == (self.name, self.key_id)

    def verifies(self, text: str, signature: Signature) -> bool:
        """Whether the signature is this key's on the text. Raises Undecided without `cryptography`."""
        ed25519, invalid = _library()
        try:
            ed25519.Ed25519PublicKey.from_public_bytes(self.public).verify(signature.value, text.encode())
        except (invalid, ValueError):
            return False
        return True


class SigningKey(NamedTuple):
    """A private key and its name. Raises Undecided without `cryptography`."""

    name: str
    seed: bytes

    @classmethod
    def generated(cls, name: str) -> "SigningKey":
        """A new key. Raises InvalidInput for what cannot be a key's name."""
        if not valid_name(name):
            raise invalid_field("name", "of a key has no space, no plus sign and no control character")
        ed25519, _ = _library()
        return cls(name, ed25519.Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parsed(cls, text: str) -> "SigningKey":
        """The key of a text; raises InvalidInput with the reason."""
        if not text.startswith(_PRIVATE):
            raise invalid_field("key", f"is no signing key: it does not start with {_PRIVATE}")
        name, key_id, seed = _parsed(text.removeprefix(_PRIVATE), f"a signing key is {_PRIVATE}NAME+ID+KEY")
        key = cls(name, seed)
        if key.verifier().key_id != key_id:
            raise invalid_field("key", f"states the id {key_id.hex()}, which is another key's")
        return key

    def text(self) -> str:
        """The key as text, without a newline: a secret."""
        return f"{_PRIVATE}{self.name}+{self.verifier().key_id.hex()}+{_base64(self.seed)}"

    def verifier(self) -> VerifierKey:
        """The public key."""
        return VerifierKey(self.name, self._private().public_key().public_bytes_raw())

    def sign(self, text: str) -> Signature:
        """This key's signature on a text; always the same on the same text (RFC 8032)."""
        return Signature(self.name, self.verifier().key_id, self._private().sign(text.encode()))

    def __repr__(self) -> str:
        return f"SigningKey({self.name!r}, …)"

    def _private(self) -> Any:
        return _library()[0].Ed25519PrivateKey.from_private_bytes(self.seed)


def _parsed(text: str, form: str) -> tuple[str, bytes, bytes]:
    match = _KEY.fullmatch(text)
    key = base64.b64decode(match[3]) if match else b""
    if match is None or not valid_name(match[1]) or _base64(key[1:]) != match[3] or key[:1] != _ED25519:
        raise invalid_field("key", f"is none: {form}, with the type 1 (Ed25519)")
    return match[1], bytes.fromhex(match[2]), key[1:]


def _base64(key: bytes) -> str:
    return base64.b64encode(_ED25519 + key).decode()


def _library() -> tuple[Any, type[Exception]]:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise Undecided(
            "signatures need the package cryptography, which is not installed",
            hint="pip install 'tcps[sign]'",
        ) from error
    return ed25519, InvalidSignature
