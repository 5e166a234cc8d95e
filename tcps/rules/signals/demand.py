"""A demand: the fields of a signal checked, routed to a bucket and a priority, with its source keys."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import msgspec

from tcps.errors import InvalidInput, invalid_field, missing
from tcps.model import (
    Bucket,
    Json,
    Part,
    SignalType,
    Timestamp,
    parse_enum,
    parse_timestamp,
)
from tcps.model.text import (
    TITLE,
    URI,
    checked_id,
    checked_labels,
    checked_new_sku_id,
    checked_object,
    clean,
    required,
)
from tcps.rules import routing

FIELDS = ("type", "source", "title", "description", "labels", "bucket", "priority", "due_on", "metadata")
ORDER_FIELDS = (*FIELDS, "sku_id", "depends_on")


class Ignored(NamedTuple):
    """A payload that asks for nothing, and why."""

    reason: str


class Reading(NamedTuple):
    """What a payload says: fields of a signal, and its source keys where the source alone does not tell."""

    fields: dict[str, Any]
    keys: tuple[str, ...] = ()


class Demand(Part, frozen=True, kw_only=True):
    """A demand that was read and checked: what a new work order will say."""

    type: SignalType = SignalType.INTERNAL_REQUEST
    source: str | None = None
    source_keys: tuple[str, ...] = ()
    """What makes a second signal of the same source a duplicate (domain 4, idempotency)."""
    title: str = ""
    description: str = ""
    labels: tuple[str, ...] = ()
    bucket: Bucket = Bucket.FEATURES
    priority: int = 0
    due_on: Timestamp | None = None
    metadata: Json = msgspec.field(default_factory=dict)
    sku_id: str | None = None
    depends_on: tuple[str, ...] = ()


def read_demand(fields: Mapping[str, Any], keys: Iterable[str] = ()) -> Demand:
    """A demand from a signal's or a new order's fields, routed to its bucket and priority.

    Without `keys` its source is its one key. Raises InvalidInput naming the fields that are wrong.
    """
    foreign = sorted(str(name) for name in set(fields) - set(ORDER_FIELDS))
    if foreign:
        raise InvalidInput(
            f"{', '.join(foreign)} is no field of a work order; these are: {', '.join(ORDER_FIELDS)}",
            details={"fields": foreign},
        )
    given = {name: value for name, value in fields.items() if value is not None}
    kind = parse_enum(SignalType, given.get("type", SignalType.INTERNAL_REQUEST))
    source = _source(kind, given.get("source", ""))
    title = _title(given.get("title", ""), source)
    labels = checked_labels(given.get("labels", ()))
    metadata = checked_object("metadata", given.get("metadata", {}))
    bucket = routing.bucket_of(kind, title, given.get("bucket"), labels, metadata)
    return Demand(
        type=kind,
        source=source,
        source_keys=_keys(kind, source, keys),
        title=title,
        description=clean("description", given.get("description", "")),
        labels=labels,
        bucket=bucket,
        priority=routing.priority_of(kind, given.get("priority"), labels, bucket),
        due_on=parse_timestamp(given["due_on"], "due_on") if "due_on" in given else None,
        metadata=metadata,
        sku_id=checked_new_sku_id(given["sku_id"]) if "sku_id" in given else None,
        depends_on=_ids(given.get("depends_on", ())),
    )


def source_key(kind: SignalType, source: str) -> str:
    """The key of a source; of GitHub the URL without what does not name the issue (domain 4)."""
    if kind in routing.GITHUB:
        return _url_key(source)
    if kind in routing.MARKETPLACE and not source.startswith("marketplace:"):
        return f"marketplace:{kind.removeprefix('marketplace_')}:{source}"
    return source


def _url_key(source: str) -> str:
    """A URL's scheme and host in lower case and its path; a source that is no URL as it is."""
    try:
        parts = urlsplit(source)
    except ValueError:
        return source
    if not (parts.scheme and parts.netloc):
        return source
    user, at, host = parts.netloc.rpartition("@")
    return urlunsplit((parts.scheme.lower(), f"{user}{at}{host.lower()}", parts.path.rstrip("/"), "", ""))


def _keys(kind: SignalType, source: str | None, keys: Iterable[str]) -> tuple[str, ...]:
    """The given keys, each checked, or the one of the source."""
    given = tuple(dict.fromkeys(required("source key", key, "a signal", URI) for key in keys))
    return given or (() if source is None else (source_key(kind, source),))


def _source(kind: SignalType, value: object) -> str | None:
    source = clean("source", value, URI) or None
    if source is None and kind is not SignalType.INTERNAL_REQUEST:
        raise missing(["source"], f"a {kind} signal")
    return source


def _title(value: object, source: str | None) -> str:
    """The given title, else the source, cut to what a title may have."""
    title = clean("title", value, TITLE) or (source or "")[:TITLE].strip()
    if not title:
        raise missing(["title"], "a work order")
    return title


def _ids(values: object) -> tuple[str, ...]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise invalid_field("depends_on", "must be a list of work order ids")
    return tuple(dict.fromkeys(checked_id("depends_on", value) for value in values))
