"""CVSS 2.0: A Complete Guide to the Common Vulnerability Scoring System, sections 2.4 and 3.2.1."""

import math
from fractions import Fraction

from tcps.rules.cvss.metrics import Grammar

_GRAMMAR = Grammar(
    "AV L A N; AC H M L; Au M S N; C N P C; I N P C; A N P C",
    "E U POC F H ND; RL OF TF W U ND; RC UC UR C ND; CDP N L LM MH H ND; TD N L M H ND;"
    "CR L M H ND; IR L M H ND; AR L M H ND",
    ordered=True,
)
_WEIGHTS = {
    "AV": {"L": "0.395", "A": "0.646", "N": "1.0"},
    "AC": {"H": "0.35", "M": "0.61", "L": "0.71"},
    "Au": {"M": "0.45", "S": "0.56", "N": "0.704"},
    "CIA": {"N": "0.0", "P": "0.275", "C": "0.660"},
}


def base_tenths(vector: str) -> int:
    """The base score in tenths. Raises ValueError for an invalid vector."""
    found = _GRAMMAR.read(vector)
    av, ac, au = (Fraction(_WEIGHTS[name][found[name]]) for name in ("AV", "AC", "Au"))
    c, i, a = (Fraction(_WEIGHTS["CIA"][found[name]]) for name in "CIA")
    impact = Fraction("10.41") * (1 - (1 - c) * (1 - i) * (1 - a))
    if impact == 0:
        return 0
    base = (Fraction("0.6") * impact + Fraction("0.4") * 20 * av * ac * au - Fraction("1.5")) * Fraction(
        "1.176"
    )
    return math.floor(base * 10 + Fraction(1, 2))
