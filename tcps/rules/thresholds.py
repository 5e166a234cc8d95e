"""Gate thresholds (domain 9): the bounds that policy may make stricter, never looser."""

from typing import Any

from tcps.errors import InvalidInput
from tcps.model import Policy, Stage, shown

LICENCES = (
    "Apache-2.0",
    "MIT",
    "MIT-0",
    "BSD-3-Clause",
    "BSD-2-Clause",
    "0BSD",
    "ISC",
    "Zlib",
    "Unlicense",
    "CC0-1.0",
    "PSF-2.0",
    "Python-2.0",
    "MPL-2.0",
)
"""The licences that a released artifact's components may have, by SPDX id."""

_LEAST: dict[tuple[Stage, str], int | float] = {
    (Stage.TEST_EXECUTION, "tests_total"): 1,
    (Stage.TEST_EXECUTION, "test_pass_rate"): 0.95,
    (Stage.TEST_EXECUTION, "line_coverage"): 0.80,
    (Stage.QUALITY_METRICS, "test_pass_rate"): 0.95,
    (Stage.QUALITY_METRICS, "line_coverage"): 0.80,
    (Stage.QUALITY_METRICS, "first_pass_yield"): 0.90,
    (Stage.QUALITY_METRICS, "gate_pass_rate"): 0.95,
    (Stage.RELEASE_VERIFICATION, "sbom_components"): 1,
    (Stage.SMOKE_TEST, "smoke_total"): 1,
    (Stage.MARKETPLACE_VALIDATION, "listing_features"): 1,
}
_MOST: dict[tuple[Stage, str], int | float | None] = {
    (Stage.COMPILATION, "compile_warnings"): None,
    (Stage.QUALITY_METRICS, "defect_rate"): 0.05,
}


def defaults() -> dict[str, Any]:
    """The bounds by policy key `gates.<gate>.<metric>`; one without a bound is not listed."""
    bounds = {**_LEAST, **_MOST}
    return {f"gates.{gate}.{metric}": bound for (gate, metric), bound in bounds.items() if bound is not None}


def bound(policy: Policy, gate: Stage, metric: str) -> int | float | None:
    """The bound that applies now; None where there is none."""
    default = _LEAST.get((gate, metric), _MOST.get((gate, metric)))
    value: int | float | None = policy.settings.get(f"gates.{gate}.{metric}", default)
    return value


def licences(policy: Policy) -> tuple[str, ...]:
    """The licences that are allowed now."""
    return tuple(policy.settings.get("licences_allowed", LICENCES))


def parse(key: str, value: object) -> Any:
    """A stricter bound or a subset of the licences.

    Refused: `threshold_too_loose` when it would allow more than the domain does, `invalid_setting`
    when the key names no configurable bound or the value has the wrong type.
    """
    if key == "licences_allowed":
        return _licences(value)
    gate_name, _, metric = key.removeprefix("gates.").partition(".")
    places = [place for place in (*_LEAST, *_MOST) if place == (gate_name, metric)]
    if not places:
        raise InvalidInput(
            f"there is no gate threshold {shown(key)} to set",
            code="invalid_setting",
            hint="tcps policy show lists them all",
            details={"fields": [key]},
        )
    least, most = _LEAST.get(places[0]), _MOST.get(places[0])
    number = _bound_value(key, value, whole=not isinstance(most if least is None else least, float))
    if (least is not None and number < least) or (most is not None and number > most):
        raise _too_loose(key, f"{number} allows more than {least if least is not None else most}")
    return number


def _licences(value: object) -> list[str]:
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list) or not names:
        raise _wrong("licences_allowed", "a list of SPDX licence ids", value)
    chosen = [str(name).strip() for name in names]
    foreign = [name for name in chosen if name not in LICENCES]
    if foreign:
        raise _too_loose("licences_allowed", f"{', '.join(foreign)} is not allowed by default")
    return [name for name in LICENCES if name in chosen]


def _bound_value(key: str, value: object, whole: bool) -> int | float:
    wanted = "an integer of at least 0" if whole else "a number from 0 to 1"
    try:
        number = float(value) if isinstance(value, str) else value
    except ValueError:
        raise _wrong(key, wanted, value) from None
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise _wrong(key, wanted, value)
    if whole and 0 <= number < 2**53 and number == int(number):
        return int(number)
    if not whole and 0 <= number <= 1:
        return float(number)
    raise _wrong(key, wanted, value)


def _wrong(key: str, wanted: str, value: object) -> InvalidInput:
    return InvalidInput(
        f"{key} takes {wanted}, not {shown(value)}",
        code="invalid_setting",
        details={"fields": [key]},
    )


def _too_loose(key: str, why: str) -> InvalidInput:
    return InvalidInput(
        f"{key} can only be made stricter: {why}",
        code="threshold_too_loose",
        details={"fields": [key]},
    )
