"""A component of an SBOM, and what the release gate asks of it: an exact version, a licence (domain 9)."""

import re
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import unquote

_EXACT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+~:_-]*")
_NOT_EXACT = re.compile(r"(^|[.])[xX*]($|[.])|-SNAPSHOT$|^[^0-9]*$")
"""A wildcard, Maven's moving version, a word such as `latest`."""


class Component(NamedTuple):
    """One component: who it is, whether its version is exact, and the licences that all apply to it.

    A licence is an SPDX expression, or what stands in its place.
    """

    identity: str
    exact: bool
    licences: tuple[str, ...]


def component(name: str, version: str | None, purl: str | None, licences: Iterable[str]) -> Component:
    """A component; its version, where none is stated, is the one of its purl."""
    known = (version or "").strip() or _version_of(purl or "")
    return Component(purl or f"{name}@{known}", _is_exact(known), tuple(licences))


def _version_of(purl: str) -> str:
    """The version of a package URL (purl-spec): after the `@` of its last path segment."""
    path = re.split("[?#]", purl, maxsplit=1)[0]
    return unquote(path.rpartition("/")[2].partition("@")[2]).strip()


def _is_exact(version: str) -> bool:
    """A version or a commit, not a range, a wildcard or a name that moves."""
    return _EXACT.fullmatch(version) is not None and _NOT_EXACT.search(version) is None
