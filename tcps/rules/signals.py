"""Pull signals (domain 4): what a demand from outside says about bucket, priority and source."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from tcps.errors import InvalidInput, invalid_field, missing
from tcps.model import BUCKETS, Bucket, Json, Part, Severity, SignalType, Timestamp, parse_enum
from tcps.model import parse_priority, parse_timestamp, shown
from tcps.model.text import TITLE, URI, checked_id, checked_labels, checked_new_sku_id, checked_object, clean

_CVE_TITLE = re.compile(r"CVE-[0-9]{4}-[0-9]+")
_BUCKET_LABELS = (
    (("security",), Bucket.SECURITY),
    (("bug",), Bucket.RELIABILITY),
    (("compliance",), Bucket.COMPLIANCE),
    (("refactor", "tech-debt", "technical-debt"), Bucket.TECHNICAL_DEBT),
    (("performance",), Bucket.COST),
)
_SEVERITY_LABEL = re.compile(r"(?:(?:priority|severity)[:/]\s*)?(emergency|critical|high|medium|low)")
_GITHUB = (SignalType.GITHUB_ISSUE, SignalType.GITHUB_PR)
_MARKETPLACE = {
    SignalType.MARKETPLACE_INSTALL: (Bucket.FEATURES, 4),
    SignalType.MARKETPLACE_REFUND: (Bucket.RELIABILITY, 8),
}
FIELDS = ("type", "source", "title", "description", "labels", "bucket", "priority", "due_on", "metadata")
ORDER_FIELDS = (*FIELDS, "sku_id", "depends_on")


class Demand(Part, frozen=True, kw_only=True):
    """A demand that was read and checked: what a new work order will say."""

    type: SignalType = SignalType.INTERNAL_REQUEST
    source: str | None = None
    title: str = ""
    description: str = ""
    labels: tuple[str, ...] = ()
    bucket: Bucket = Bucket.FEATURES
    priority: int = 0
    due_on: Timestamp | None = None
    metadata: Json = {}
    sku_id: str | None = None
    depends_on: tuple[str, ...] = ()

    @property
    def source_keys(self) -> tuple[str, ...]:
        """What makes a second signal of the same source a duplicate (domain 4, idempotency)."""
        return () if self.source is None else (source_key(self.type, self.source),)


def read_demand(fields: Mapping[str, Any]) -> Demand:
    """A demand from a plain signal's or a new order's fields, routed to its bucket and priority.

    Raises InvalidInput naming the first field that is wrong.
    """
    unknown = sorted(set(fields) - set(ORDER_FIELDS))
    if unknown:
        raise invalid_field(unknown[0], f"is no field of a work order; these are: {', '.join(ORDER_FIELDS)}")
    given = {name: value for name, value in fields.items() if value is not None}
    kind = parse_enum(SignalType, given.get("type", SignalType.INTERNAL_REQUEST))
    source = clean("source", given.get("source", ""), URI) or None
    if source is None and kind is not SignalType.INTERNAL_REQUEST:
        raise missing(["source"], f"a {kind} signal")
    title = clean("title", given.get("title", "")) or (source or "")[:TITLE]
    if not title:
        raise missing(["title"], "a work order")
    title = clean("title", title, TITLE)
    labels = checked_labels(given.get("labels", ()))
    metadata = checked_object("metadata", given.get("metadata", {}))
    bucket = _bucket(kind, title, given.get("bucket"), labels, metadata)
    return Demand(
        type=kind,
        source=source,
        title=title,
        description=clean("description", given.get("description", "")),
        labels=labels,
        bucket=bucket,
        priority=_priority(kind, given.get("priority"), labels, bucket),
        due_on=parse_timestamp(given["due_on"], "due_on") if "due_on" in given else None,
        metadata=metadata,
        sku_id=checked_new_sku_id(given["sku_id"]) if "sku_id" in given else None,
        depends_on=_ids(given.get("depends_on", ())),
    )


def read_signal(value: object) -> Demand:
    """A demand from a plain pull signal, with or without `pull_signal` around it (interface 4)."""
    if isinstance(value, Mapping) and "pull_signal" in value:
        value = value["pull_signal"]
    if not isinstance(value, Mapping):
        raise InvalidInput(
            f"a pull signal is a JSON object, not {shown(value)}",
            code="invalid_signal",
            hint='at least {"type": "internal_request", "title": "…"}',
        )
    if "type" not in value:
        raise missing(["type"], "a pull signal")
    foreign = sorted(str(name) for name in set(value) - set(FIELDS))
    if foreign:
        raise InvalidInput(
            f"a pull signal has no field {shown(foreign[0])}",
            code="invalid_signal",
            hint=f"its fields are {', '.join(FIELDS)}",
            details={"fields": foreign},
        )
    return read_demand(value)


def source_key(kind: SignalType, source: str) -> str:
    """The key of a source; of GitHub the URL without what does not name the issue (domain 4)."""
    if kind in _GITHUB:
        parts = urlsplit(source)
        path = parts.path.rstrip("/")
        return urlunsplit((parts.scheme.lower(), parts.netloc.lower(), path, "", ""))
    if kind in _MARKETPLACE and not source.startswith("marketplace:"):
        return f"marketplace:{kind.removeprefix('marketplace_')}:{source}"
    return source


def _bucket(kind: SignalType, title: str, given: object, labels: Iterable[str], metadata: Json) -> Bucket:
    chosen = None if given is None else parse_enum(Bucket, given)
    if kind is SignalType.CVE or _CVE_TITLE.match(title):
        return Bucket.SECURITY
    if chosen is not None:
        return chosen
    if kind in _GITHUB:
        names = {label.strip().lower() for label in labels}
        return next((b for words, b in _BUCKET_LABELS if names.intersection(words)), Bucket.FEATURES)
    if kind in _MARKETPLACE:
        return _MARKETPLACE[kind][0]
    wanted = metadata.get("bucket")
    return Bucket.FEATURES if wanted is None else parse_enum(Bucket, wanted)


def _priority(kind: SignalType, given: object, labels: Iterable[str], bucket: Bucket) -> int:
    if given is not None:
        return parse_priority(given)
    if kind is SignalType.CVE:
        return 10
    rules = BUCKETS[bucket]
    if kind in _GITHUB:
        matches = (_SEVERITY_LABEL.fullmatch(label.strip().lower()) for label in labels)
        priorities = [parse_priority(match[1]) for match in matches if match]
        if priorities:
            top = max(priorities)
            return top if top == 10 else min(max(top, rules.lowest), rules.highest)
    if kind in _MARKETPLACE:
        return _MARKETPLACE[kind][1]
    return rules.fallback


def _ids(values: object) -> tuple[str, ...]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise invalid_field("depends_on", "must be a list of work order ids")
    return tuple(dict.fromkeys(checked_id("depends_on", value) for value in values))


def advisory_severity(metadata: Json) -> Severity:
    """A CVE signal's severity: the stated one; unknown or none is critical (domain 4)."""
    stated = str(metadata.get("severity", "")).strip().lower()
    stated = {"moderate": "medium"}.get(stated, stated)
    return Severity(stated) if stated in Severity.__members__.values() else Severity.CRITICAL
