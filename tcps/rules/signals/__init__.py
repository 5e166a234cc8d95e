"""Pull signals (domain 4): what a demand from outside says, whatever its source.

`read_signal` recognises the source by its content. One module reads each: `github`, `osv`, `cve5`,
`marketplace`, `plain`. They turn a payload into the fields of a work order; `demand` checks those and
routes them. The readers are imported when there is a payload to read.
"""

from collections.abc import Mapping
from typing import Any

from tcps.rules.signals.demand import FIELDS, ORDER_FIELDS, Demand, Ignored, read_demand, source_key

__all__ = ["FIELDS", "ORDER_FIELDS", "Demand", "Ignored", "read_demand", "read_signal", "source_key"]


def read_signal(value: object, overrides: Mapping[str, Any] | None = None) -> Demand | Ignored:
    """What a payload of any known source asks for; `overrides` go before what it says.

    Raises InvalidInput (`invalid_signal`, or naming the fields that are wrong), and Refused
    (`advisory_withdrawn`).
    """
    from tcps.rules.signals import recognise

    reading = recognise.read(value)
    if isinstance(reading, Ignored):
        return reading
    return read_demand({**reading.fields, **(overrides or {})}, reading.keys)
