"""Where a demand goes and how urgent it is (domain 4, bucket and priority)."""

import re
from collections.abc import Iterable

from tcps.model import BUCKETS, Bucket, Json, SignalType, parse_enum, parse_priority

GITHUB = (SignalType.GITHUB_ISSUE, SignalType.GITHUB_PR)
MARKETPLACE = {
    SignalType.MARKETPLACE_INSTALL: (Bucket.FEATURES, 4),
    SignalType.MARKETPLACE_REFUND: (Bucket.RELIABILITY, 8),
}
"""Bucket and priority of the marketplace's events."""

_CVE_TITLE = re.compile(r"CVE-[0-9]{4}-[0-9]+")
_BUCKET_LABELS = (
    (("security",), Bucket.SECURITY),
    (("bug",), Bucket.RELIABILITY),
    (("compliance",), Bucket.COMPLIANCE),
    (("refactor", "tech-debt", "technical-debt"), Bucket.TECHNICAL_DEBT),
    (("performance",), Bucket.COST),
)
_SEVERITY_LABEL = re.compile(r"(?:(?:priority|severity)[:/]\s*)?(emergency|critical|high|medium|low)")
_EMERGENCY = 10


def bucket_of(kind: SignalType, title: str, given: object, labels: Iterable[str], metadata: Json) -> Bucket:
    """The bucket of a signal, by the first of the seven rules that matches."""
    chosen = None if given is None else parse_enum(Bucket, given)
    if kind is SignalType.CVE or _CVE_TITLE.match(title):
        return Bucket.SECURITY
    if chosen is not None:
        return chosen
    if kind in GITHUB:
        names = {label.strip().lower() for label in labels}
        return next((b for words, b in _BUCKET_LABELS if names.intersection(words)), Bucket.FEATURES)
    if kind in MARKETPLACE:
        return MARKETPLACE[kind][0]
    wanted = metadata.get("bucket")
    return Bucket.FEATURES if wanted is None else parse_enum(Bucket, wanted)


def priority_of(kind: SignalType, given: object, labels: Iterable[str], bucket: Bucket) -> int:
    """The priority of a signal, by the first of the six rules that matches."""
    if given is not None:
        return parse_priority(given)
    if kind is SignalType.CVE:
        return 10
    labelled = _labelled(labels) if kind in GITHUB else None
    if labelled is not None:
        rules = BUCKETS[bucket]
        return labelled if labelled == _EMERGENCY else min(max(labelled, rules.lowest), rules.highest)
    if kind in MARKETPLACE:
        return MARKETPLACE[kind][1]
    return BUCKETS[bucket].fallback


def _labelled(labels: Iterable[str]) -> int | None:
    """The priority of the most urgent severity label; None without any."""
    matches = (_SEVERITY_LABEL.fullmatch(label.strip().lower()) for label in labels)
    return max((parse_priority(match[1]) for match in matches if match), default=None)
