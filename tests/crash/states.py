"""The states that a disk may be in after a crash: every one where they are few, else a seeded sample.

After a power cut each unsynced operation on directory entries was done or not. Of a file, each unsynced
write and each change of its length was done or not, and of the last write any one of `FORMS` is there.
"""

import functools
import hashlib
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from random import Random

from tests.crash.medium import Change, Cut, Entries, Image, Medium, Move, Write

EVERY = 4096
"""So many states after one call are all taken."""
SECTOR = 512
_SUBSETS = 6
"""The changes of a file before its last write of which all subsets are taken."""


def garbage(length: int) -> bytes:
    """Bytes that are no text of ours, and newlines; the same ones for each length."""
    stream = b"".join(hashlib.sha256(bytes([n % 256])).digest() for n in range(length // 32 + 1))
    return bytes(byte | 0x80 if byte % 32 else 0x0A for byte in stream[:length])


def is_garbage(content: bytes | None) -> bool:
    """Whether garbage is in it; the workloads write ASCII."""
    return content is not None and not content.isascii()


def _middle(written: bytes) -> int:
    """The middle, where one sector ends: a disk writes sectors in any order, and each whole."""
    return len(written) // 2 // SECTOR * SECTOR


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "whole": lambda written: written,
    "half": lambda written: written[: len(written) // 2],
    "zeros": lambda written: bytes(len(written)),
    "the end alone": lambda written: bytes(_middle(written)) + written[_middle(written) :],
    "garbage": lambda written: garbage(len(written)),
}


def power_cuts(medium: Medium, chance: Random, most: int, note: int | None) -> Iterator[Image]:
    """What a power cut may leave of the medium: everything, if that is at most `EVERY` and `most`.

    Of the file `note`, which nobody reads to decide anything, one content at random is enough.
    """
    contents = {
        inode: possible(medium.safe_content[inode], changes) for inode, changes in medium.changes.items()
    }
    if note in contents:
        contents[note] = [chance.choice(contents[note])]
    upper = 2 ** len(medium.moves) * math.prod(len(one) for one in contents.values())
    if upper <= min(EVERY, most):
        yield from _all(medium, contents)
    else:
        yield from (_some(medium, contents, chance) for _ in range(most))


def in_order(medium: Medium) -> Iterator[Image]:
    """What a file system leaves that commits entries in order: all of them, the data behind or not."""
    yield medium.live()
    yield medium.image(medium.entries, medium.safe_content.__getitem__)


def possible(safe: bytes, changes: Sequence[Change]) -> list[bytes]:
    """Every content that a file may have: what is safe first, everything done last."""
    return list(_possible(safe, tuple(changes)))


@functools.lru_cache(maxsize=4096)
def _possible(safe: bytes, changes: tuple[Change, ...]) -> tuple[bytes, ...]:
    last = max((n for n, change in enumerate(changes) if isinstance(change, Write)), default=None)
    found: dict[bytes, None] = {safe: None}
    for kept in _subsets(len(changes)):
        for forms in FORMS.values() if last is not None and kept[last] else (None,):
            content = safe
            for n in itertools.compress(range(len(changes)), kept):
                change = changes[n]
                if n == last and forms is not None and not isinstance(change, Cut):
                    change = Write(change.offset, forms(change.data))
                content = change.on(content)
            found[content] = None
    whole = functools.reduce(lambda content, change: change.on(content), changes, safe)
    found.pop(whole, None)
    return (*found, whole)


def _subsets(count: int) -> Iterator[tuple[bool, ...]]:
    """Which of `count` changes are kept: every choice among the newest, with none or all of those before."""
    free = min(count, _SUBSETS)
    for before in {False, count > free}:
        for kept in itertools.product((False, True), repeat=free):
            yield (*([before] * (count - free)), *kept)


def _all(medium: Medium, contents: dict[int, list[bytes]]) -> Iterator[Image]:
    for kept in itertools.product((False, True), repeat=len(medium.moves)):
        entries = medium.entries_after(itertools.compress(medium.moves, kept))
        changed = [inode for _, inode in medium.reached(entries) if inode in contents]
        for choice in itertools.product(*(contents[inode] for inode in changed)):
            yield _image(medium, entries, dict(zip(changed, choice, strict=True)))


def _some(medium: Medium, contents: dict[int, list[bytes]], chance: Random) -> Image:
    """A state at random: most moves kept, or few, or half of them; contents likewise."""
    likely, whole = chance.choice((0.05, 0.5, 0.9)), chance.choice((0.1, 0.5, 0.9))
    moves: list[Move] = [move for move in medium.moves if chance.random() < likely]
    chosen = {n: one[-1] if chance.random() < whole else chance.choice(one) for n, one in contents.items()}
    return _image(medium, medium.entries_after(moves), chosen)


def _image(medium: Medium, entries: Entries, chosen: dict[int, bytes]) -> Image:
    return medium.image(entries, lambda inode: chosen.get(inode, medium.safe_content[inode]))
