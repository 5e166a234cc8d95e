"""The files of one shard beside the chains: every record has its file, and there is no other file."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tcps.projections.records import relative_path
from tcps.rules.chain_files import NO_RECORD
from tcps.rules.findings import Finding
from tcps.verify import findings
from tcps.verify.case import Case
from tcps.verify.newer import Newer
from tcps.verify.rows import State

History = list[State]
"""Every state of a record, oldest first."""


class _Misfit(NamedTuple):
    """A path at which there is not what the ledger says; `history` is of the record that belongs there."""

    path: str
    there: bool
    sha256: str | None
    history: History


class Others:
    """Judges the files of records that are no receipts, and finds strangers."""

    def __init__(self, case: Case, newer: Newer) -> None:
        self._case = case
        self._newer = newer
        self.files_read = 0

    def findings(self, records: list[History], there: Mapping[str, bool]) -> list[Finding]:
        """What is wrong; `there` are the files by path, True for plain ones."""
        strangers = dict(there)
        readable = self._case.reading.unreadable == 0  # else lines may be missing in between
        leaps = [leap for history in records for leap in self._leaps(history)] if readable else []
        misfits = [self._misfit(history, strangers) for history in records]
        misfits += [_Misfit(path, True, self._digest(path), []) for path in strangers]
        real = [misfit for misfit in misfits if misfit is not None]
        if real:
            self._newer.look()
        return leaps + [_finding(misfit) for misfit in real if not self._is_explained(misfit)]

    def _leaps(self, history: History) -> Iterator[Finding]:
        """Entries that do not change a record by one revision, or one that is deleted (format 4.3)."""
        before, deleted = 0, False
        for state in history:
            if (state.revision != before + 1 or deleted) and not state.salvaged:
                yield findings.leap(self._case.reading.ledger, state, before)
            before, deleted = state.revision, state.sha256 is None

    def _misfit(self, history: History, there: dict[str, bool]) -> _Misfit | None:
        """Look at a record's file, which is taken out of `there`."""
        newest = history[-1]
        path = relative_path(newest.kind, newest.id)
        plain = there.pop(path, None)
        if plain is None:
            return None if newest.sha256 is None else _Misfit(path, False, None, history)
        if plain and newest.sha256 is not None and not self._case.chosen():
            return None
        sha256 = self._digest(path)
        same = newest.sha256 is not None and sha256 == newest.sha256
        return None if same else _Misfit(path, True, sha256, history)

    def _digest(self, path: str) -> str | None:
        self.files_read += 1
        return self._case.sha256(path)

    def _is_explained(self, misfit: _Misfit) -> bool:
        """Whether the file is newer than the reading of the ledger, or behind it as files may be."""
        path, there, sha256, history = misfit
        if (sha256 is not None or not there) and self._newer.explains(path, sha256):
            return True
        if not history or history[-1].seq <= self._case.written:
            return False
        states = [state for state in history if state.sha256 is not None]
        return (
            not there
            or any(sha256 == state.sha256 for state in states)
            or self._case.is_left(path, (self._case.content(state, state.kind) for state in states))
        )


def _finding(misfit: _Misfit) -> Finding:
    if not misfit.history or misfit.history[-1].sha256 is None:
        return findings.extra(misfit.path, misfit.sha256)
    state = misfit.history[-1]
    if not misfit.there:
        return findings.of_file("MISSING", misfit.path, state, None, "its file is gone")
    if misfit.sha256 is None:
        return findings.of_file("UNREADABLE", misfit.path, state, None, NO_RECORD)
    return findings.of_file("EDITED", misfit.path, state, misfit.sha256, "its file was changed")
