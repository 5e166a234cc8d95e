"""The table of attacks in Markdown, made from the cases and from the list of what is silent."""

from collections.abc import Iterable

from tests.attacks.silent import SILENT
from tests.attacks.table import LEVELS, Case

HEAD = """# Attacks, and what finds them

Made by `python -m tests.attacks --docs docs/attacks.md` from the cases in `tests/attacks/cases`. A test
carries out each of them against a genuine store, and compares. What is behind it is in
[format 11](format.md#11-threats).

The columns are four levels of what a verifier knows:

"""
AFTER = """
The store has two SKUs with several receipts, an Andon, a policy, a ledger in several segments, signed
checkpoints, and entries that are newer than the newest of them. A word is the class of a finding
([interface 5](interface.md#5-verify-chain---json)); the exit code is 12 then. `error 12` and `error 13` come
instead of a report. † stands at what `verify` finds and `verify-chain` does not look at, a number for why
nothing can be found.

"""


def markdown(cases: Iterable[Case]) -> str:
    """The whole page."""
    listed = list(cases)
    reasons = _reasons(listed)
    return "".join(
        [
            HEAD,
            *(f"- **{level}**: {what}\n" for level, what in LEVELS.items()),
            AFTER,
            *_table(listed, reasons),
            "\n## Why nothing can be found\n\n",
            *(f"{number}. {reason[:1].upper()}{reason[1:]}.\n" for reason, number in reasons.items()),
            "\n## What no verification finds, bit by bit\n\n",
            "Every bit of every file is flipped, every file cut at every length, removed, and made longer"
            " (`tests/attacks/test_every_bit.py`). All of that is found, but for this:\n\n",
            *_silent(),
        ]
    )


def totals(cases: Iterable[Case]) -> dict[str, tuple[int, int]]:
    """For each level, in how many cases something is found, and in how many nothing can be."""
    listed = list(cases)
    counts = {level: sum(case.cells[level].code != 0 for case in listed) for level in LEVELS}
    return {level: (count, len(listed) - count) for level, count in counts.items()}


def _reasons(cases: list[Case]) -> dict[str, int]:
    every = (case.cells[level].why for case in cases for level in LEVELS)
    return {reason: n for n, reason in enumerate(dict.fromkeys(filter(None, every)), start=1)}


def _table(cases: list[Case], reasons: dict[str, int]) -> Iterable[str]:
    yield f"| attack | {' | '.join(LEVELS)} |\n|---|{'---|' * len(LEVELS)}\n"
    for case in cases:
        cells = [case.cells[level] for level in LEVELS]
        mark = "" if case.in_chains else " †"
        shown = [f"{cell.text()}{mark}" if cell.code else f"– ({reasons[cell.why]})" for cell in cells]
        yield f"| **{case.name}**: {case.says} | {' | '.join(shown)} |\n"
    counts = [f"{found} found, {not_found} not" for found, not_found in totals(cases).values()]
    yield f"| **{len(cases)} attacks** | {' | '.join(counts)} |\n"


def _silent() -> Iterable[str]:
    yield "| file | change | why |\n|---|---|---|\n"
    for one in SILENT:
        yield f"| `{one.file}` | {one.change} | {one.why} |\n"
