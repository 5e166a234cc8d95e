"""CVE records in JSON 5.x, https://cveproject.github.io/cve-schema/ (domain 4)."""

import re
from collections.abc import Mapping
from typing import Any

from tcps.model import SignalType
from tcps.rules.signals import rating
from tcps.rules.signals.demand import Reading
from tcps.rules.signals.osv import withdrawn
from tcps.rules.signals.payload import Payload, title
from tcps.rules.signals.rating import Rating

_ID = re.compile(r"CVE-[0-9]{4}-[0-9]+")
_METRICS = {"cvssV4_0": "4.0", "cvssV3_1": "3.1", "cvssV3_0": "3.0", "cvssV2_0": "2.0"}


def recognised(value: Mapping[str, Any]) -> bool:
    """Whether a payload is of this source."""
    return "cveMetadata" in value or value.get("dataType") == "CVE_RECORD"


def read(payload: Payload) -> Reading:
    """What a record says. Raises Refused (`advisory_withdrawn`) for one that was rejected."""
    if not (payload.text("dataVersion") or "5").startswith("5"):
        raise payload.invalid("dataVersion", f"must be 5.x, not {payload.text('dataVersion')[:20]}")
    about = payload.inside("cveMetadata")
    cve_id = about.needed("cveId")
    if not _ID.fullmatch(cve_id):
        raise about.invalid("cveId", f"must be a CVE id, not {cve_id[:40]!r}")
    if about.text("state").upper() == "REJECTED":
        raise withdrawn(cve_id, "was rejected")
    containers = payload.inside("containers")
    cna = containers.inside("cna")
    description = _description(cna)
    fields = {
        "type": SignalType.CVE,
        "source": cve_id,
        "title": title(cve_id, cna.text("title") or description),
        "description": description,
        "metadata": {
            "advisory_id": cve_id,
            "aliases": [],
            **_rating(containers).metadata(),
            "published": about.text("datePublished") or None,
            "affected": [
                item.only("vendor", "product", "packageName", "versions") for item in cna.objects("affected")
            ],
        },
    }
    return Reading(fields, (cve_id,))


def _description(cna: Payload) -> str:
    """The first description in English, else the first of all."""
    given = cna.objects("descriptions")
    chosen = next(
        (one for one in given if one.text("lang").lower().startswith("en")), next(iter(given), None)
    )
    return "" if chosen is None else chosen.text("value")


def _rating(containers: Payload) -> Rating:
    """The highest that the CNA states; where it states none, the highest of the ADPs."""
    found = rating.highest(_ratings(containers.inside("cna")))
    if found.severity is not None:
        return found
    return rating.highest(one for adp in containers.objects("adp") for one in _ratings(adp))


def _ratings(container: Payload) -> list[Rating]:
    return [
        rating.of_metric(version, one.get("baseSeverity"), one.get("baseScore"), one.get("vectorString"))
        for metric in container.objects("metrics")
        for name, version in _METRICS.items()
        if metric.has(name)
        for one in [metric.inside(name)]
    ]
