"""SBOMs (domain 9): components, those without an exact version, those without an allowed licence."""

import pytest

from tcps.evidence import sbom
from tcps.evidence.source import Kind
from tests.evidence.reading import FOLDER, metrics, report

COUNTS = {
    "graph.spdx3.json": (4, 1, 2),
    "licences.cdx.json": (16, 0, 9),
    "nested-components.cdx.json": (4, 0, 1),
    "no-components.cdx.json": (0, 0, 0),
    "oldest.cdx.json": (1, 0, 0),
    "packages.spdx.json": (9, 1, 2),
    "same-and-more.cdx.json": (3, 0, 0),
    "same-with-another-licence.cdx.json": (3, 1, 1),
    "versions.cdx.json": (25, 16, 0),
}
"""Of each SBOM: components, dependencies unpinned, licences violating."""
OPEN = ("open-", "pkg:npm/%40scope/of-no-purl")


def test_every_sbom_here_has_its_counts() -> None:
    assert set(COUNTS) == {path.name for path in (FOLDER / "sbom").iterdir()}


@pytest.mark.parametrize("name", COUNTS)
def test_the_components_of_an_sbom_are_counted(name: str) -> None:
    found = metrics(report(Kind.SBOM, name))
    assert list(found) == ["sbom_components", "dependencies_unpinned", "licenses_violating"]
    assert tuple(found.values()) == COUNTS[name]


def test_a_version_is_exact_unless_it_is_missing_or_can_mean_several() -> None:
    components = sbom.read(report(Kind.SBOM, "versions.cdx.json"))
    assert [one.exact for one in components] == [not one.identity.startswith(OPEN) for one in components]


def test_a_component_in_two_sboms_counts_once_and_what_either_says_against_it_counts() -> None:
    both = metrics(
        report(Kind.SBOM, "same-and-more.cdx.json"), report(Kind.SBOM, "same-with-another-licence.cdx.json")
    )
    assert both == {"sbom_components": 5, "dependencies_unpinned": 1, "licenses_violating": 1}


def test_fewer_licences_are_allowed_when_policy_says_so() -> None:
    boms = [sbom.read(report(Kind.SBOM, "packages.spdx.json"))]
    assert sbom.metrics(boms, ["MIT"])["licenses_violating"] == 4
