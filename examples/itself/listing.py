"""Stage 9. What an index would show of the wheel, read from the wheel's own metadata.

Usage: listing.py WHEEL OUT
"""

import sys
import zipfile
from email.message import Message
from email.parser import BytesParser
from pathlib import Path

import reports

REPOSITORY = {"repository", "source", "sourcecode", "github"}
"""The labels that index pages take for the repository (well-known project URLs)."""


def main() -> int:
    wheel, out = Path(sys.argv[1]), Path(sys.argv[2])
    listing = listing_of(metadata_of(wheel))
    stated = {name: value for name, value in listing.items() if value}
    missing = sorted(listing.keys() - stated.keys())
    print(f"{wheel.name} states everything" if not missing else f"NOT STATED: {', '.join(missing)}")
    reports.write(out, stated, read_from=f"METADATA in {wheel.name}", missing=missing)
    return 0  # the gate judges the listing


def metadata_of(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return BytesParser().parsebytes(archive.read(name), headersonly=True)


def listing_of(metadata: Message) -> dict[str, object]:
    topics = [c.removeprefix("Topic :: ") for c in metadata.get_all("Classifier", []) if "Topic :: " in c]
    urls = dict(text.split(", ", 1) for text in metadata.get_all("Project-URL", []))
    repositories = [url for label, url in urls.items() if label.lower().replace(" ", "") in REPOSITORY]
    keywords = (metadata["Keywords"] or "").split(",")
    return {
        "listing_name": metadata["Name"],
        "listing_category": topics[0] if topics else None,
        "listing_author": metadata["Author"] or metadata["Author-email"],
        "listing_license": metadata["License-Expression"],
        "listing_description": metadata["Summary"],
        "listing_version": metadata["Version"],
        "listing_repository_url": repositories[0] if repositories else None,
        "listing_features": [keyword.strip() for keyword in keywords if keyword.strip()],
    }


if __name__ == "__main__":
    sys.exit(main())
