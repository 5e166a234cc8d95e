"""The reports of a run: read into metrics, listed as artifacts, and never taken from an earlier run.

A reader is imported when there is something for it to read.
"""

import glob
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from tcps.canonical import line_bytes
from tcps.errors import InvalidInput, TcpsError, invalid_field
from tcps.evidence.source import LIMIT, Kind, Source
from tcps.model import Artifact, Json, Policy, Stage
from tcps.model.text import JSON_BYTES
from tcps.rules import gates, thresholds
from tcps.rules.pipeline import Run
from tcps.service import artifacts

if TYPE_CHECKING:
    from tcps.evidence import coverage, junit, sarif, sbom

Paths = Mapping[Kind, Sequence[str]]
"""The files that each option names."""
Stamps = Mapping[str, tuple[int, ...] | None]
"""What a file was like at a moment; None for one that was not there."""
_NAMED = (Stage.RELEASE_VERIFICATION, Stage.SMOKE_TEST, Stage.PUBLICATION)
"""The stages whose gates ask which artifact it is about."""
_SPARE = 16_384
"""The bytes of evidence that are kept for what the system adds to it."""


class Readings(NamedTuple):
    """What the reports of a run say, by kind and one for each file, and the files as artifacts."""

    suites: "list[tuple[junit.Case, ...]]"
    files: "list[coverage.Files]"
    logs: "list[sarif.Findings]"
    boms: "list[sbom.Components]"
    artifacts: list[Artifact]

    def added_to(self, run: Run) -> Run:
        """The run with what its reports say by themselves, the outcomes of its tests, and their files."""
        products = [a for a in dict.fromkeys(run.artifacts) if a not in self.artifacts]
        read = self._metrics(run.stage)
        if run.stage in _NAMED:
            read |= _of_only([a for a in products if not gates.is_sbom(a.name)])
        evidence = run.evidence | self._tests(run.evidence)
        return replace(run, read=read, evidence=evidence, artifacts=(*products, *self.artifacts))

    def under(self, policy: Policy, run: Run) -> Run:
        """The run with what its SBOMs say under the policy that applies when it is recorded."""
        if not self.boms:
            return run
        from tcps.evidence import sbom

        return replace(run, read=run.read | sbom.metrics(self.boms, thresholds.licences(policy)))

    def _metrics(self, stage: Stage) -> Json:
        read: Json = {}
        if self.suites:
            from tcps.evidence import junit

            read |= _of_tests(stage, junit.metrics(case for suite in self.suites for case in suite))
        if self.files:
            from tcps.evidence import coverage

            read |= coverage.metrics(self.files)
        if self.logs:
            from tcps.evidence import sarif

            read |= sarif.metrics(self.logs)
        return read

    def _tests(self, evidence: Json) -> Json:
        if not self.suites:
            return {}
        from tcps.evidence import junit

        room = JSON_BYTES - _SPARE - len(line_bytes(evidence))
        tests, left_out = junit.tests((case for suite in self.suites for case in suite), room)
        return {"tests": tests, **({"tests_left_out": left_out} if left_out else {})}


def read(paths: Paths, before: Stamps | None = None, problems: list[str] | None = None) -> Readings:
    """Read every report; each must differ from what it was `before`.

    Raises InvalidInput or `storage_error` for what cannot be taken; with a list of problems it is told there.
    """
    readings = Readings([], [], [], [], [])
    for kind, path in _each(paths):
        try:
            if before is not None:
                _require_new(kind, path, before)
            _take(readings, kind, path)
        except TcpsError as error:
            if problems is None:
                raise
            problems.append(error.message)
    return readings


def stamps(paths: Paths) -> Stamps:
    """What the files are like now."""
    return {path: _stamp(path) for _, path in _each(paths)}


def count(paths: Paths) -> int:
    """How many files are named now."""
    return sum(1 for _ in _each(paths))


def refuse_given_tests(paths: Paths, evidence: object) -> None:
    """The outcomes of tests are either given or read (`invalid_field`)."""
    if paths.get(Kind.JUNIT) and isinstance(evidence, dict) and "tests" in evidence:
        raise invalid_field("evidence.tests", "is read from the JUnit reports and cannot be given too")


def _each(paths: Paths) -> Iterable[tuple[Kind, str]]:
    """Every file, by kind; a pattern stands for those that there are now, or for itself if there are none."""
    for kind in Kind:
        for path in paths.get(kind, ()):
            yield from ((kind, found) for found in _matching(path))


def _matching(path: str) -> list[str]:
    if not glob.has_magic(path) or os.path.lexists(path):
        return [path]
    return sorted(glob.glob(path, recursive=True)) or [path]


def _take(readings: Readings, kind: Kind, path: str) -> None:
    made, content = artifacts.report(kind.value, path, LIMIT)
    if made not in readings.artifacts:
        readings.artifacts.append(made)
    source = Source(path, kind, content)
    if kind is Kind.JUNIT:
        from tcps.evidence import junit

        readings.suites.append(junit.read(source))
    elif kind is Kind.COVERAGE:
        from tcps.evidence import coverage

        readings.files.append(coverage.read(source))
    elif kind is Kind.SARIF:
        from tcps.evidence import sarif

        readings.logs.append(sarif.read(source))
    else:
        from tcps.evidence import sbom

        readings.boms.append(sbom.read(source))


def _require_new(kind: Kind, path: str, before: Stamps) -> None:
    """A report of this run was written by its command."""
    now = _stamp(path)
    if now is not None and now == before.get(path):
        raise InvalidInput(
            f"{path} is not {kind.phrase} of this run: it was there before, and the command did not write it",
            details={"fields": [kind.value]},
        )


def _stamp(path: str) -> tuple[int, ...] | None:
    try:
        now = os.stat(path)
    except (OSError, ValueError):
        return None
    return now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns


def _of_tests(stage: Stage, counts: Json) -> Json:
    """The counts of test cases by the names of the stage's gate (domain 9)."""
    if stage is not Stage.SMOKE_TEST:
        return counts
    return {"smoke_total": counts["tests_total"], "smoke_failed": counts["tests_failed"]}


def _of_only(products: list[Artifact]) -> Json:
    """Digest and size of the artifact, when it is clear which one is meant."""
    if len(products) != 1:
        return {}
    return {"artifact_sha256": products[0].sha256, "artifact_size": products[0].size}
