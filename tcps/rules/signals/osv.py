"""OSV records, https://ossf.github.io/osv-schema/ (domain 4)."""

import re
from collections.abc import Mapping
from typing import Any

from tcps.errors import Refused
from tcps.model import SignalType
from tcps.rules.advisories import word
from tcps.rules.signals import rating
from tcps.rules.signals.demand import Reading
from tcps.rules.signals.payload import Payload, title
from tcps.rules.signals.rating import Rating

_CVE = re.compile(r"CVE-([0-9]{4})-([0-9]+)")
_MARKS = frozenset(
    ("schema_version", "modified", "published", "withdrawn", "aliases", "summary", "details", "severity")
).union(("affected", "references", "database_specific"))
"""Fields of an OSV record; `id` and one of these make a payload one."""


def recognised(value: Mapping[str, Any]) -> bool:
    """Whether a payload is of this source."""
    return "id" in value and "type" not in value and not _MARKS.isdisjoint(value)


def read(payload: Payload) -> Reading:
    """What a record says. Raises Refused (`advisory_withdrawn`) for one that was taken back."""
    own = payload.needed("id")
    if payload.has("withdrawn"):
        raise withdrawn(own, "was withdrawn")
    aliases = payload.texts("aliases")
    ids = (own, *aliases)
    name = canonical(ids)
    details = payload.text("details")
    summary = payload.text("summary") or details.partition("\n")[0]
    fields = {
        "type": SignalType.CVE,
        "source": name,
        "title": title(name, summary),
        "description": details or summary,
        "metadata": {
            "advisory_id": own,
            "aliases": aliases,
            **_rating(payload).metadata(),
            "published": payload.text("published") or None,
            "affected": [_affected(item) for item in payload.objects("affected")],
        },
    }
    return Reading(fields, ids)


def canonical(ids: tuple[str, ...]) -> str:
    """The smallest CVE id, by year and then by number; without any, the first id."""
    numbers = [(int(match[1]), int(match[2]), match[0]) for match in map(_CVE.fullmatch, ids) if match]
    return min(numbers)[2] if numbers else ids[0]


def withdrawn(advisory: str, how: str) -> Refused:
    """The refusal of an advisory that does not hold any more."""
    return Refused(
        f"{advisory[:128]} {how}: nothing is to be done",
        code="advisory_withdrawn",
        details={"advisory_id": advisory[:128]},
    )


def _rating(payload: Payload) -> Rating:
    """The stated word with the highest of the vectors; without a known word, that vector's severity."""
    entries = payload.objects("severity")
    for item in payload.objects("affected"):
        entries += item.objects("severity")
    found = rating.highest(rating.of_vector(entry.get("score")) for entry in entries)
    stated = word(payload.inside("database_specific").get("severity"))
    return found if stated is None else found._replace(severity=stated)


def _affected(item: Payload) -> dict[str, Any]:
    package = item.inside("package").only("ecosystem", "name")
    return ({"package": package} if package else {}) | item.only("ranges", "versions")
