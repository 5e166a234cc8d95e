"""Whatever comes is an order, nothing to do, or an error with a code; never anything else."""

import copy
import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tcps.canonical import line_bytes, plain
from tcps.errors import TcpsError
from tcps.rules import signals
from tcps.rules.signals import Demand, Ignored
from tests.conftest import DEEP
from tests.signals.payloads import real_ones

CODES = {
    *("invalid_signal", "advisory_withdrawn", "missing_required_field", "invalid_field", "too_large"),
    *("invalid_timestamp", "invalid_bucket", "invalid_priority"),
}
NAMES = [
    "id",
    "type",
    "issue",
    "pull_request",
    "action",
    "cveMetadata",
    "containers",
    "event_id",
    "pull_signal",
]
NAMES += ["source", "title", "labels", "severity", "affected", "aliases", "metadata", "comment", "due_on"]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text()
    | st.sampled_from(
        ["CVE-2026-1", "opened", "refund", "HIGH", "https://x/1", "2026-01-01T00:00:00Z", "cve"]
    )
)
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner, max_size=6)
    ),
    max_leaves=20,
)


def read(payload: Any) -> None:
    """Read it; what comes of it must be usable, or an error that is foreseen."""
    found: Demand | Ignored | TcpsError
    try:
        found = signals.read_signal(payload)
    except TcpsError as error:
        found = error
    if isinstance(found, TcpsError):
        assert found.code in CODES, found.message
        return
    if isinstance(found, Ignored):
        assert found.reason
        return
    assert found.title
    assert 1 <= found.priority <= 10
    line_bytes(plain(found))


@given(JSON)
def test_any_json_is_read_or_refused(payload: Any) -> None:
    read(payload)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths to every value inside."""
    found = [path] if path else []
    if isinstance(value, dict | list):
        keys = value if isinstance(value, dict) else range(len(value))
        for key in keys:
            found += places(value[key], (*path, key))
    return found


VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    2**64 - 1,
    1.5,
    float("nan"),
    "",
    " ",
    "x",
    "\x00",
    "\ud800",
    "x" * 70_000,
]
VALUES += [[], {}, [[]], [None], ["x"], [{}], {"name": 5}, "CVE-2026-1", "REJECTED", "closed"]


def test_a_real_payload_with_one_value_changed_or_gone_is_read_or_refused() -> None:
    for payload in real_ones():
        for path in places(payload):
            for value in (*VALUES, ...):
                changed = copy.deepcopy(payload)
                inner: Any = changed
                for key in path[:-1]:
                    inner = inner[key]
                if value is ...:
                    del inner[path[-1]]
                else:
                    inner[path[-1]] = value
                read(changed)


def test_a_real_payload_with_parts_of_another_is_read_or_refused() -> None:
    chance = random.Random(4)
    for _ in range(20_000 if DEEP else 2_000):
        payload, other = chance.sample(real_ones(), 2)
        for _ in range(chance.randint(1, 4)):
            path = chance.choice(places(payload))
            inner: Any = payload
            for key in path[:-1]:
                inner = inner[key]
            donor: Any = other
            for key in chance.choice(places(other)):
                donor = donor[key]
            inner[path[-1]] = copy.deepcopy(donor)
        read(payload | other if chance.random() < 0.2 else payload)
