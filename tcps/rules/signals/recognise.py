"""Which source a payload is of, told by its content (domain 4)."""

from collections.abc import Callable, Mapping
from typing import Any

from tcps.errors import InvalidInput
from tcps.model import shown
from tcps.rules.signals import cve5, github, marketplace, osv, plain
from tcps.rules.signals.demand import Ignored, Reading
from tcps.rules.signals.payload import Payload

_SOURCES: tuple[tuple[Callable[[Mapping[str, Any]], bool], Callable[[Payload], Reading | Ignored]], ...] = (
    (cve5.recognised, cve5.read),
    (github.recognised, github.read),
    (osv.recognised, osv.read),
    (marketplace.recognised, marketplace.read),
)


def read(value: object) -> Reading | Ignored:
    """What a payload says. Raises InvalidInput (`invalid_signal`) and Refused (`advisory_withdrawn`)."""
    if not isinstance(value, Mapping):
        raise InvalidInput(
            f"a pull signal is a JSON object, not {shown(value)}",
            code="invalid_signal",
            hint='at least {"type": "internal_request", "title": "…"}',
        )
    if "pull_signal" in value:
        return plain.read(value["pull_signal"])
    reader = next((read for recognised, read in _SOURCES if recognised(value)), None)
    return plain.read(value) if reader is None else reader(Payload(value))
