"""Whether the store's checkpoints are signed by the keys that were pinned outside of it (format 9.3)."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tcps.keys import VerifierKey
from tcps.merkle import Signed
from tcps.rules.findings import Finding
from tcps.verify import findings

Named = tuple[str, Signed]
"""A checkpoint and the file that holds it."""


class Trust(NamedTuple):
    """The keys that are pinned for a store; `required` asks for a signature though none may be."""

    keys: Sequence[VerifierKey] = ()
    required: bool = False


class Signatures(NamedTuple):
    """What the signatures say: `valid`, `bad` or `none`, and up to which size by which key.

    `others` are names of keys that signed and are not pinned. `undecided` when a signature was
    required and no key is pinned that could decide.
    """

    verdict: str
    findings: list[Finding]
    size: int | None = None
    key: VerifierKey | None = None
    others: Sequence[str] = ()
    undecided: bool = False


def judged(checkpoints: Sequence[Named], trust: Trust) -> Signatures:
    """The verdict on every signature. Raises Undecided where there are keys and no `cryptography`."""
    signatures = [one for _, signed in checkpoints for one in signed.signatures]
    others = sorted({one.name for one in signatures if not any(key.made(one) for key in trust.keys)})
    if not trust.keys:
        missing = [findings.no_key_pinned(others)] if trust.required else []
        return Signatures("none", missing, others=others, undecided=trust.required)
    wrong = [
        findings.bad_signature(name, key) for name, _, key, good in _by_pinned(checkpoints, trust) if not good
    ]
    valid = [(signed.checkpoint.size, key) for _, signed, key, good in _by_pinned(checkpoints, trust) if good]
    if not valid and not wrong:
        wrong.append(findings.not_signed(trust.keys, others))
    size, key = max(valid, default=(None, None))
    return Signatures("bad" if wrong else "valid", wrong, size, key, others)


def _by_pinned(checkpoints: Sequence[Named], trust: Trust) -> Iterator[tuple[str, Signed, VerifierKey, bool]]:
    """Every signature that says that it is by a pinned key, and whether it is."""
    for name, signed in checkpoints:
        for signature in signed.signatures:
            for key in trust.keys:
                if key.made(signature):
                    yield name, signed, key, key.verifies(signed.checkpoint.text(), signature)
