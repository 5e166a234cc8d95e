"""Use cases around proofs for others: checkpoints, keys, proofs of receipts (format 9)."""

import base64
from pathlib import Path
from typing import Any

from tcps.canonical import file_bytes, sha256_hex
from tcps.errors import IntegrityError, InvalidInput, NotFound, TcpsError, Undecided, invalid_field
from tcps.home import Home
from tcps.keys import SigningKey, VerifierKey
from tcps.ledger import Change, Line, parse_line
from tcps.merkle import Checkpoint, Signed
from tcps.merkle.bundle import Proof
from tcps.merkle.checkpoint import checkpoints
from tcps.model import Json
from tcps.service.outside import Outside
from tcps.store import Store


def checkpoint(store: Store, outside: Outside, *, sign: bool = False) -> Json:
    """Make the record files durable and write the checkpoint, with `sign` a signed one."""
    origin = store.engine.identity.origin
    if not sign:
        return _checkpoint(store.checkpoint())
    made = store.checkpoint(_signing_key(outside.home, origin), outside.compared(origin))
    outside.remember(store, made.checkpoint)
    return _checkpoint(made)


def consistency(store: Store, since: str) -> str:
    """The request that asks a C2SP witness to cosign the newest checkpoint (c2sp.org/tlog-witness)."""
    old, made = _one_checkpoint(since), store.checkpoint()
    hashes = store.consistency(old, made.checkpoint)
    lines = "".join(f"{base64.b64encode(one).decode()}\n" for one in hashes)
    return f"old {old.size}\n{lines}\n{made.text()}"


def generate_key(store: Store | None, home: Home, name: str | None) -> Json:
    """Make a signing key, by default for the store, keep it in the user's home, and pin it.

    The store whose name it has is signed with it at once: from now on it must be.
    """
    if name is None and store is None:
        raise InvalidInput("there is no store here whose key this could be", hint="give --name NAME")
    origin = None if store is None else store.engine.identity.origin
    chosen = name or origin
    assert chosen is not None
    if any(key.name == chosen for key in home.signing_keys()):
        raise invalid_field("name", f"{chosen!r} has a key already")
    key = SigningKey.generated(chosen)
    path = home.keep(key)
    done = _key(key.verifier(), secret=True, pinned=True) | {"path": str(path), "signed": None}
    if store is not None and chosen == origin:
        done["signed"] = checkpoint(store, Outside(home), sign=True)["size"]
    return done


def list_keys(home: Home) -> list[Json]:
    """Every key of the user's home, the pinned ones of others too."""
    own = {key.verifier() for key in home.signing_keys()}
    pinned = set(home.pinned())
    return [_key(key, secret=key in own, pinned=key in pinned) for key in sorted(own | pinned)]


def pin_key(home: Home, text: str) -> Json:
    """Pin a verifier key."""
    key = VerifierKey.parsed(text.strip())
    home.pin(key)
    return _key(key, secret=False, pinned=True)


def unpin_key(home: Home, text: str) -> Json:
    """Pin a key no longer; `text` is the key or its id in hex. Raises NotFound."""
    wanted = text.strip()
    for key in home.pinned():
        if wanted in (key.text(), key.key_id.hex()):
            home.unpin(key)
            return _key(key, secret=False, pinned=False)
    raise NotFound(f"no pinned key is {wanted!r}", hint="tcps key list")


def prove(store: Store, receipt_id: str) -> Json:
    """The proof of a receipt, and the checkpoint that it is for."""
    proof = store.prove(receipt_id)
    return {"receipt_id": receipt_id, **_checkpoint(proof.signed), "proof": proof.text()}


def verify_proof(content: bytes, outside: Outside) -> Json:
    """Check a proof without its store: the receipt, and by what its checkpoint is believed.

    Raises IntegrityError when the proof does not hold, Undecided when neither a pinned key nor an
    anchor vouches for its checkpoint.
    """
    try:
        proof = Proof.parsed(content)
        receipt_id, leaf = _leaf(proof)
        change = _receipt(leaf, receipt_id, proof.leaf_index + 1)
    except ValueError as error:
        raise IntegrityError(f"this is no proof of a receipt: {error}") from None
    if not proof.holds(leaf):
        raise IntegrityError(f"the proof does not hold: {receipt_id} is not in the tree of its checkpoint")
    shown = proof.signed.checkpoint
    return {
        "verdict": "proven",
        "receipt": change.record,
        "sha256": change.sha256,
        "entry": proof.leaf_index + 1,
        "checkpoint": {"origin": shown.origin, "size": shown.size, "root": _root(shown)},
        "by": _vouched(proof.signed, outside),
    }


def _vouched(signed: Signed, outside: Outside) -> Json:
    """The pinned key or the anchor by which the checkpoint is believed."""
    shown = signed.checkpoint
    for key in outside.trust(shown.origin).keys:
        for signature in signed.signatures:
            if key.made(signature):
                if not key.verifies(shown.text(), signature):
                    raise IntegrityError(f"the signature of {key.name} is not by the key {key.text()}")
                return {"key": key.text()}
    for anchor in outside.compared(shown.origin):
        if anchor.checkpoint == shown:
            return {"anchor": anchor.name}
        if (anchor.checkpoint.origin, anchor.checkpoint.size) == (shown.origin, shown.size):
            raise IntegrityError(f"{anchor.name} has another root for {shown.origin} at {shown.size} entries")
    signers = ", ".join(sorted({one.name for one in signed.signatures}))
    raise Undecided(
        f"the proof fits its checkpoint, which is {f'signed by {signers}' if signers else 'not signed'}; "
        "no pinned key and no anchor vouches for it",
        hint="tcps key pin VKEY, or --key VKEY, or --anchor FILE with this checkpoint",
    )


def _leaf(proof: Proof) -> tuple[str, bytes]:
    name, separator, leaf = (proof.extra or b"").partition(b"\n")
    if not separator:
        raise ValueError("its extra data is not a receipt's id and a ledger line")
    return name.decode(), leaf


def _receipt(leaf: bytes, receipt_id: str, seq: int) -> Change:
    for change in parse_line(Line(1, 0, leaf), seq).changes:
        if (change.kind, change.id) == ("receipt", receipt_id) and change.record is not None:
            if sha256_hex(file_bytes(change.record)) != change.sha256:
                raise ValueError("the receipt has not the digest that its entry states")
            return change
    raise ValueError(f"its ledger line does not hold {receipt_id!r}")


def _signing_key(home: Home, origin: str) -> SigningKey:
    keys = [key for key in home.signing_keys() if key.name == origin]
    if not keys:
        raise Undecided(f"there is no signing key for {origin} in {home.folder}", hint="tcps key generate")
    return keys[-1]


def _one_checkpoint(path: str) -> Checkpoint:
    try:
        return checkpoints(Path(path).read_bytes())[-1]
    except OSError as error:
        raise TcpsError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise InvalidInput(f"{path} holds no checkpoint: {error}") from None


def _checkpoint(made: Signed) -> Json:
    shown = made.checkpoint
    return {
        "origin": shown.origin,
        "size": shown.size,
        "root": _root(shown),
        "signatures": [_signer(one.name, one.key_id) for one in made.signatures],
        "line": shown.line(),
        "text": made.text(),
    }


def _key(key: VerifierKey, *, secret: bool, pinned: bool) -> dict[str, Any]:
    return {**_signer(key.name, key.key_id), "key": key.text(), "can_sign": secret, "pinned": pinned}


def _signer(name: str, key_id: bytes) -> Json:
    return {"name": name, "key_id": key_id.hex()}


def _root(shown: Checkpoint) -> str:
    return base64.b64encode(shown.root).decode()
