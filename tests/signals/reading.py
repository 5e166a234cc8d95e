"""Reading a payload as intake does."""

from typing import Any

import pytest

from tcps.errors import TcpsError
from tcps.rules import signals
from tcps.rules.signals import Demand, Ignored


def demand(payload: Any) -> Demand:
    """What a payload asks for, which it must."""
    found = signals.read_signal(payload)
    assert isinstance(found, Demand), found
    return found


def ignored(payload: Any) -> str:
    """Why a payload asks for nothing, which it must."""
    found = signals.read_signal(payload)
    assert isinstance(found, Ignored), found
    return found.reason


def refused(payload: Any, code: str) -> TcpsError:
    """The error of a payload that must have it."""
    with pytest.raises(TcpsError) as caught:
        signals.read_signal(payload)
    assert caught.value.code == code
    return caught.value
