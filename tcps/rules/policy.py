"""Policy (domain 14): settings with defaults, changed only to values that the domain allows."""

import re
from typing import Any

import msgspec

from tcps.errors import InvalidInput
from tcps.model import BUCKETS, Bucket, Policy, shown
from tcps.rules import thresholds
from tcps.rules.addresses import address
from tcps.rules.state import State

UNLIMITED = "unlimited"
NONE = "none"
_BACKUP_DIR = "backup_dir"
_BACKUP_RECIPIENTS = "backup_recipients"
_RECIPIENT = re.compile("age1[02-9ac-hj-np-z]{58}", re.ASCII)
_FLAGS = {"require_five_whys": False, "completion_requires_sku": True, "auto_publish": False}
_WHOLE = {"max_consecutive": 2, "backup_retention_days": 30}
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_WORDS = {"true": True, "false": False}


def defaults() -> dict[str, Any]:
    """Every setting that has a default value, by key, in the order they are shown."""
    values: dict[str, Any] = {}
    for bucket, rules in BUCKETS.items():
        values[f"wip_limits.{bucket}"] = rules.wip_limit
    for bucket, rules in BUCKETS.items():
        values[f"sla_hours.{bucket}"] = NONE if rules.sla_hours is None else rules.sla_hours
    values |= (
        {"max_consecutive": 2, "max_gap_hours": 24}
        | _FLAGS
        | {"backup_retention_days": 30, _BACKUP_DIR: NONE, _BACKUP_RECIPIENTS: NONE}
    )
    return values | thresholds.defaults() | {"licences_allowed": list(thresholds.LICENCES)}


def effective(policy: Policy) -> dict[str, Any]:
    """Every setting as it applies now."""
    return defaults() | policy.settings


def setting(policy: Policy, key: str) -> Any:
    """The value that applies for `key`, which exists."""
    return policy.settings[key] if key in policy.settings else defaults()[key]


def wip_limit(policy: Policy, bucket: Bucket) -> int | None:
    """The bucket's WIP limit; None is unlimited."""
    limit = policy.settings.get(f"wip_limits.{bucket}", BUCKETS[bucket].wip_limit)
    return None if limit == UNLIMITED else limit


def sla_hours(policy: Policy, bucket: Bucket) -> float | None:
    """The hours that the bucket allows from creation to completion; None is no deadline."""
    hours = policy.settings.get(f"sla_hours.{bucket}", BUCKETS[bucket].sla_hours)
    return None if hours == NONE else hours


def flag(policy: Policy, key: str) -> bool:
    """The value of a true-or-false setting."""
    return bool(policy.settings.get(key, _FLAGS[key]))


def whole(policy: Policy, key: str) -> int:
    """The value of a setting that is a whole number."""
    return int(policy.settings.get(key, _WHOLE[key]))


def backup_dir(policy: Policy) -> str | None:
    """The place that backups go to; None is where they go by default."""
    folder = str(policy.settings.get(_BACKUP_DIR, NONE))
    return None if folder == NONE else folder


def backup_recipients(policy: Policy) -> tuple[str, ...]:
    """Whom backups are encrypted to; without any they are not."""
    chosen = str(policy.settings.get(_BACKUP_RECIPIENTS, NONE))
    return () if chosen == NONE else tuple(chosen.split())


def change(state: State, key: str, value: object) -> Policy:
    """Set one key; a value that is set already changes nothing.

    Refused: `invalid_setting`, `invalid_limit`, `threshold_too_loose`.
    """
    policy = state.policy()
    settings = policy.settings | {key: parse_setting(key, value)}
    if settings == policy.settings:
        return policy
    return state.put(msgspec.structs.replace(policy, settings=dict(sorted(settings.items()))))


def parse_setting(key: str, value: object) -> Any:
    """`value` (text or JSON) as the setting `key` takes it."""
    group, _, name = key.partition(".")
    if group in ("wip_limits", "sla_hours") and name in Bucket.__members__.values():
        return parse_limit(value) if group == "wip_limits" else _hours_or_none(key, value)
    if key in _FLAGS:
        return _flag(key, value)
    if key == _BACKUP_DIR:
        return _place_or_none(key, value)
    if key == _BACKUP_RECIPIENTS:
        return _recipients_or_none(key, value)
    if key in _WHOLE:
        return _at_least_one(key, value)
    if key == "max_gap_hours":
        return _hours(key, value, highest=24)
    if key == "licences_allowed" or group == "gates":
        return thresholds.parse(key, value)
    raise InvalidInput(
        f"there is no setting {shown(key)}",
        code="invalid_setting",
        hint="tcps policy show lists them all",
        details={"fields": [key]},
    )


def parse_limit(value: object) -> int | str:
    """A WIP limit: a positive integer or `unlimited`, else `invalid_limit` (domain 6.1)."""
    number = _number(value)
    if isinstance(value, str) and value.strip().lower() == UNLIMITED:
        return UNLIMITED
    if isinstance(number, int) and 1 <= number < 2**31:
        return number
    raise InvalidInput(
        f"limit {shown(value)} is neither a positive integer nor unlimited",
        code="invalid_limit",
        details={"fields": ["limit"]},
    )


def _number(value: object) -> int | float | None:
    """The number that a JSON value or its text is; None when it is none."""
    if isinstance(value, str):
        text = value.strip()
        if not _NUMBER.fullmatch(text):
            return None
        value = int(text) if text.lstrip("+-").isdigit() else float(text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) < 1e15 else None


def _flag(key: str, value: object) -> bool:
    if isinstance(value, str):
        value = _WORDS.get(value.strip().lower(), value)
    if isinstance(value, bool):
        return value
    raise _invalid(key, value, "true or false")


def _at_least_one(key: str, value: object) -> int:
    number = _number(value)
    if isinstance(number, int) and 1 <= number < 2**31:
        return number
    raise _invalid(key, value, "an integer of at least 1")


def _hours(key: str, value: object, highest: float = 1e6) -> int | float:
    number = _number(value)
    if number is not None and 0 < number <= highest:
        return number
    raise _invalid(key, value, f"a number of hours above 0, at most {highest:g}")


def _hours_or_none(key: str, value: object) -> int | float | str:
    if isinstance(value, str) and value.strip().lower() == NONE:
        return NONE
    return _hours(key, value)


def _place_or_none(key: str, value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if text.lower() == NONE:
        return NONE
    if text.isprintable() and len(text) <= 1000 and (text.startswith("/") or address(text, key)):
        return text
    raise _invalid(key, value, "an absolute path, s3://BUCKET/PREFIX, or none")


def _recipients_or_none(key: str, value: object) -> str:
    texts = value.replace(",", " ").split() if isinstance(value, str) else []
    if texts == [NONE]:
        return NONE
    if texts and len(texts) <= 20 and all(_RECIPIENT.fullmatch(text) for text in texts):
        return " ".join(texts)
    raise _invalid(key, value, "age1… recipients, or none")


def _invalid(key: str, value: object, wanted: str) -> InvalidInput:
    return InvalidInput(
        f"{key} takes {wanted}, not {shown(value)}",
        code="invalid_setting",
        details={"fields": [key]},
    )
