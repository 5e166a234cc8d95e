"""SBOMs: sbom_components, dependencies_unpinned and licenses_violating over all of them (domain 9).

A component is known by its purl, or else by name and version. One that several SBOMs list counts as often as
in the SBOM that lists it most often. If any of them leaves its version open, or gives it no allowed licence,
that counts.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator

from tcps.evidence import cyclonedx, spdx, spdx3
from tcps.evidence.components import Component
from tcps.evidence.recognise import CYCLONEDX, SPDX, SPDX_3, of_document
from tcps.evidence.shape import document
from tcps.evidence.source import FormatError, Source
from tcps.model import Json
from tcps.rules import licences

Components = tuple[Component, ...]
_READERS: dict[str, Callable[[Json], Iterator[Component]]] = {
    CYCLONEDX: cyclonedx.read,
    SPDX: spdx.read,
    SPDX_3: spdx3.read,
}


def read(source: Source) -> Components:
    """Every component of an SBOM. Raises InvalidInput."""
    bom = document(source)
    found = of_document(bom)
    if found not in _READERS:
        raise source.refused(f"it is {found}")
    try:
        return tuple(_READERS[found](bom))
    except FormatError as fault:
        raise source.refused(str(fault)) from None


def metrics(boms: Iterable[Components], allowed: Collection[str]) -> Json:
    """The three metrics of the release gate, by the licences that are allowed now."""
    all_of, open_of, violating = (Counter[str](), Counter[str](), Counter[str]())
    for bom in boms:
        all_of |= Counter(one.identity for one in bom)
        open_of |= Counter(one.identity for one in bom if not one.exact)
        violating |= Counter(one.identity for one in bom if not licences.comply(one.licences, allowed))
    return {
        "sbom_components": all_of.total(),
        "dependencies_unpinned": open_of.total(),
        "licenses_violating": violating.total(),
    }
