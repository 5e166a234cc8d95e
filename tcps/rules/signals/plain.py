"""The plain pull signal (interface 4): the fields of a signal, with or without `pull_signal` around them."""

from collections.abc import Mapping

from tcps.errors import InvalidInput, missing
from tcps.model import shown
from tcps.rules.signals.demand import FIELDS, Reading


def read(value: object) -> Reading:
    """What a plain signal says. Raises InvalidInput for a field that it does not have, or lacks."""
    if not isinstance(value, Mapping):
        raise InvalidInput(f"pull_signal must be a JSON object, not {shown(value)}", code="invalid_signal")
    foreign = sorted(str(name) for name in set(value) - set(FIELDS))
    if foreign:
        raise InvalidInput(
            f"a pull signal has no field {shown(foreign[0])}",
            code="invalid_signal",
            hint=f"its fields are {', '.join(FIELDS)}; GitHub webhook payloads, OSV and CVE JSON 5 records "
            "and marketplace events are taken too",
            details={"fields": foreign},
        )
    if value.get("type") is None:
        raise missing([name for name in ("type", "source") if value.get(name) is None], "a pull signal")
    return Reading(dict(value))
