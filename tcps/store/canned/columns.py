"""Values of the index as terms, in the form that answers have (SPARQL 1.1 Query Results JSON)."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from tcps.model import STAGES, Json, Timestamp, from_ms
from tcps.ontology import terms

_XSD = terms.PREFIXES["xsd"]


def _text(value: str) -> Json:
    return {"type": "literal", "value": value}


def _typed(kind: str, value: str) -> Json:
    return {"type": "literal", "value": value, "datatype": f"{_XSD}{kind}"}


def _integer(value: int) -> Json:
    return _typed("integer", str(value))


def _moment(value: Timestamp) -> Json:
    return _typed("dateTime", terms.short(value))


def _ms(value: int) -> Json:
    return _moment(from_ms(value))


def _scalar(value: object) -> Json:
    if isinstance(value, bool):
        return _typed("boolean", "true" if value else "false")
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, float):
        return _typed("decimal", terms.digits(value))
    return _text(value if isinstance(value, str) else terms.as_json(value))


@cache
def _concept(scheme: str, value: object) -> Json:
    return {"type": "uri", "value": f"{terms.NAMESPACE}{scheme}-{value}"}


def _concepts(scheme: str) -> Callable[[Any], Json]:
    return lambda value: _concept(scheme, str(value))


def _stage(number: int) -> Json:
    return _concept("Stage", str(STAGES[number - 1]))


_SCHEMES = (
    *("AndonStatus", "Bucket", "FailureType", "ReceiptStatus"),
    *("Severity", "SkuStatus", "Stage", "WorkOrderStatus"),
)
_PLAIN: Mapping[str, Callable[[Any], Json]] = {
    "": _text,
    "integer": _integer,
    "moment": _moment,
    "ms": _ms,
    "scalar": _scalar,
    "stage": _stage,
}
WRITERS = {**_PLAIN, **{scheme: _concepts(scheme) for scheme in _SCHEMES}}
"""By the name of a column's kind: a text, a whole number, a timestamp, one in milliseconds, any JSON scalar,
a stage by its number, a value of a closed vocabulary."""
