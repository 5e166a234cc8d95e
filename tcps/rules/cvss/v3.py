"""CVSS 3.0 and 3.1: their Specification Documents, sections 6 and 7 (7 and 8.1 of 3.0).

The base equations of the two are the same. 3.1 words the rounding so that floating point cannot
disturb it; in exact arithmetic both are the smallest tenth that is not less.
"""

import math
from fractions import Fraction

from tcps.rules.cvss.metrics import Grammar

_GRAMMAR = Grammar(
    "AV N A L P; AC L H; PR N L H; UI N R; S U C; C H L N; I H L N; A H L N",
    "E X H F P U; RL X U W T O; RC X C R U; CR X H M L; IR X H M L; AR X H M L;"
    "MAV X N A L P; MAC X L H; MPR X N L H; MUI X N R; MS X U C; MC X N L H; MI X N L H; MA X N L H",
    ordered=False,
)
_WEIGHTS = {
    "AV": {"N": "0.85", "A": "0.62", "L": "0.55", "P": "0.2"},
    "AC": {"L": "0.77", "H": "0.44"},
    "UI": {"N": "0.85", "R": "0.62"},
    "CIA": {"H": "0.56", "L": "0.22", "N": "0"},
}
_PRIVILEGES = {
    "U": {"N": "0.85", "L": "0.62", "H": "0.27"},
    "C": {"N": "0.85", "L": "0.68", "H": "0.5"},
}
"""Privileges Required weighs less when the scope changes."""


def base_tenths(metrics: str) -> int:
    """The base score in tenths, of a vector without its prefix. Raises ValueError for an invalid one."""
    found = _GRAMMAR.read(metrics)
    changed = found["S"] == "C"
    av, ac, ui = (Fraction(_WEIGHTS[name][found[name]]) for name in ("AV", "AC", "UI"))
    c, i, a = (Fraction(_WEIGHTS["CIA"][found[name]]) for name in "CIA")
    impact = _impact(1 - (1 - c) * (1 - i) * (1 - a), changed)
    if impact <= 0:
        return 0
    whole = impact + Fraction("8.22") * av * ac * Fraction(_PRIVILEGES[found["S"]][found["PR"]]) * ui
    return math.ceil(min(whole * Fraction("1.08") if changed else whole, Fraction(10)) * 10)


def _impact(iss: Fraction, changed: bool) -> Fraction:
    if not changed:
        return Fraction("6.42") * iss
    return Fraction("7.52") * (iss - Fraction("0.029")) - Fraction("3.25") * (iss - Fraction("0.02")) ** 15
