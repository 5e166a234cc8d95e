"""CVSS 4.0: Specification Document 1.2, sections 7 (vectors) and 8.2 (MacroVectors and interpolation).

A vector belongs to a MacroVector, which has a score; within it, the score falls with the distance
from the most severe vectors. Distances are counted in single steps of single metrics. Where a
MacroVector has several most severe vectors, all of them have the same sum of steps, so that the sum
alone tells the distance and none of them has to be chosen.
"""

import math
from fractions import Fraction

from tcps.rules.cvss.metrics import Grammar, Metrics
from tcps.rules.cvss.v4_scores import SCORES, Macro

_GRAMMAR = Grammar(
    "AV N A L P; AC L H; AT N P; PR N L H; UI N P A;"
    "VC H L N; VI H L N; VA H L N; SC H L N; SI H L N; SA H L N",
    "E X A P U; CR X H M L; IR X H M L; AR X H M L; MAV X N A L P; MAC X L H; MAT X N P; MPR X N L H;"
    "MUI X N P A; MVC X N L H; MVI X N L H; MVA X N L H; MSC X N L H; MSI X N L H S; MSA X N L H S;"
    "S X N P; AU X N Y; R X A U I; V X D C; RE X L M H; U X Clear Green Amber Red",
    ordered=True,
)
_STEPS = {
    **{"AV": "NALP", "PR": "NLH", "UI": "NPA", "AC": "LH", "AT": "NP"},
    **dict.fromkeys(("VC", "VI", "VA"), "HLN"),
    **dict.fromkeys(("SC", "SI", "SA"), "SHLN"),
    **dict.fromkeys(("CR", "IR", "AR"), "HML"),
}
"""The values of each metric, most severe first: an index is a number of steps (section 2)."""
_WORST = {"E": "A", "CR": "H", "IR": "H", "AR": "H"}
"""What Not Defined means for the metrics that have no base metric."""
_EQ1, _EQ2, _EQ3_6, _EQ4 = (
    ("AV", "PR", "UI"),
    ("AC", "AT"),
    ("VC", "VI", "VA", "CR", "IR", "AR"),
    ("SC", "SI", "SA"),
)
_TOP_AND_DEPTH: dict[tuple[str, ...], dict[tuple[int, ...], tuple[int, int]]] = {
    _EQ1: {(0,): (0, 1), (1,): (1, 4), (2,): (3, 5)},
    _EQ2: {(0,): (0, 1), (1,): (1, 2)},
    _EQ3_6: {(0, 0): (0, 7), (0, 1): (3, 6), (1, 0): (1, 8), (1, 1): (3, 8), (2, 1): (3, 10)},
    _EQ4: {(0,): (1, 6), (1,): (3, 5), (2,): (6, 4)},
}
"""For each level: the steps of its most severe vectors, and its depth (tables 24 to 30)."""


def score_tenths(metrics: str) -> int:
    """The score in tenths, of a vector without its prefix. Raises ValueError for an invalid one."""
    used = _effective(_GRAMMAR.read(metrics))
    if all(used[name] == "N" for name in ("VC", "VI", "VA", "SC", "SI", "SA")):
        return 0
    macro = _macro(used)
    top = SCORES[macro]
    falls = [(top - lower) * share for lower, share in _below(macro, used) if lower is not None]
    mean = sum(falls, Fraction()) / len(falls) if falls else 0
    return math.floor(max(top - mean, Fraction()) + Fraction(1, 2))


def _effective(given: Metrics) -> Metrics:
    """The metrics that count: a modified one in place of its base metric (section 4.2)."""
    used = {}
    for name in (*_STEPS, "E"):
        value = given.get(f"M{name}", "X")
        value = given.get(name, "X") if value == "X" else value
        used[name] = _WORST[name] if value == "X" else value
    return used


def _macro(used: Metrics) -> Macro:
    """The levels of EQ1 to EQ6 (tables 24 to 29)."""
    reach = [used[name] == "N" for name in _EQ1]
    eq1 = 0 if all(reach) else 1 if any(reach) and used["AV"] != "P" else 2
    eq2 = int(used["AC"] != "L" or used["AT"] != "N")
    high = [used[name] == "H" for name in ("VC", "VI", "VA")]
    eq3 = 0 if high[0] and high[1] else 1 if any(high) else 2
    eq4 = 0 if "S" in (used["SI"], used["SA"]) else 1 if "H" in (used[name] for name in _EQ4) else 2
    eq5 = "APU".index(used["E"])
    wanted = (used[name] == "H" for name in ("CR", "IR", "AR"))
    eq6 = int(not any(one and other for one, other in zip(high, wanted, strict=True)))
    return eq1, eq2, eq3, eq4, eq5, eq6


def _below(macro: Macro, used: Metrics) -> list[tuple[int | None, Fraction]]:
    """For each dimension: the score of the next lower MacroVector, and how far down the vector is."""
    eq1, eq2, eq3, eq4, eq5, eq6 = macro
    return [
        (SCORES.get((eq1 + 1, eq2, eq3, eq4, eq5, eq6)), _share(_EQ1, (eq1,), used)),
        (SCORES.get((eq1, eq2 + 1, eq3, eq4, eq5, eq6)), _share(_EQ2, (eq2,), used)),
        (_below_eq3_6(macro), _share(_EQ3_6, (eq3, eq6), used)),
        (SCORES.get((eq1, eq2, eq3, eq4 + 1, eq5, eq6)), _share(_EQ4, (eq4,), used)),
        (SCORES.get((eq1, eq2, eq3, eq4, eq5 + 1, eq6)), Fraction()),
    ]


def _below_eq3_6(macro: Macro) -> int | None:
    """EQ3 and EQ6 go down together: 00 to 01 or 10, whichever scores more, 10 to 11, 01 to 11, 11 to 21."""
    eq1, eq2, eq3, eq4, eq5, eq6 = macro
    down3, down6 = (eq1, eq2, eq3 + 1, eq4, eq5, eq6), (eq1, eq2, eq3, eq4, eq5, eq6 + 1)
    ways = (down3, down6) if eq3 == eq6 == 0 else (down6,) if eq6 == 0 else (down3,)
    return max((SCORES[way] for way in ways if way in SCORES), default=None)


def _share(group: tuple[str, ...], level: tuple[int, ...], used: Metrics) -> Fraction:
    """The distance from the level's most severe vectors, as a share of its depth."""
    steps = sum(_STEPS[name].index(used[name]) for name in group)
    top, depth = _TOP_AND_DEPTH[group][level]
    return Fraction(steps - top, depth)
