"""The table of attacks: each case, what each level of knowledge finds of it, and what that is in words.

A case is a module of `tests.attacks.cases`, named for what is broken. Its docstring says what is done,
`attack(scene)` does it, and `FILES`, `LEDGER`, `KEY` and `ANCHOR` say what is then found; a level that is
left out finds what the one before it finds. `IN_CHAINS = False` says that `verify-chain` does not look there.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import NamedTuple

from tests.attacks import cases
from tests.attacks.scene import Scene

LEVELS = {
    "files": "a SKU's folder and the store's id, and nothing else: what format 6.3 does by hand",
    "ledger": "the store, and nothing from outside of it",
    "key": "the store, and the pinned key that it must be signed by",
    "anchor": "the same, and a checkpoint of the store as it was when it was last looked at",
}
"""What a verifier knows, level by level; each knows what the one before knows, but for the first."""


class Cell(NamedTuple):
    """What one level finds: the classes of the findings and the exit code, or why it finds nothing."""

    classes: frozenset[str]
    code: int
    why: str = ""

    def text(self) -> str:
        """As the table shows it; an empty one is not findable."""
        return ", ".join(f"`{name}`" for name in sorted(self.classes)) or (
            f"error {self.code}" if self.code else ""
        )


def found(*classes: str) -> Cell:
    """Findings of these classes, and exit code 12."""
    return Cell(frozenset(classes), 12)


def error(code: int) -> Cell:
    """No report but an error with this exit code."""
    return Cell(frozenset(), code)


def unseen(why: str) -> Cell:
    """Nothing is found, and nothing can be, because of `why`."""
    return Cell(frozenset(), 0, why)


NOT_THERE = unseen("the SKU's folder is as it was")


class Case(NamedTuple):
    """One attack."""

    name: str
    says: str
    attack: Callable[[Scene], object]
    cells: dict[str, Cell]
    in_chains: bool


def load() -> Iterator[Case]:
    """Every case, in the order of names."""
    for module in sorted(pkgutil.iter_modules(cases.__path__), key=lambda module: module.name):
        yield _case(module.name, importlib.import_module(f"{cases.__name__}.{module.name}"))


def _case(name: str, module: ModuleType) -> Case:
    cells: dict[str, Cell] = {}
    before = NOT_THERE
    for level in LEVELS:
        cells[level] = getattr(module, level.upper(), NOT_THERE if level == "files" else before)
        before = cells[level]
    return Case(
        name.replace("_", " "),
        (module.__doc__ or "").strip(),
        module.attack,
        cells,
        getattr(module, "IN_CHAINS", True),
    )
