"""The records of learning: what a stopped line taught (domain 11)."""

import msgspec

from tcps.model.enums import AnalysisStatus
from tcps.model.records import NEVER, Part, Record
from tcps.model.time import Timestamp


class Why(Part, frozen=True, kw_only=True):
    """One of the five whys of an analysis."""

    question: str
    answer: str


class Suggestions(Part, frozen=True, kw_only=True):
    """What the words of a root cause suggest; `dependency_pins` are versions by name."""

    shacl_additions: tuple[str, ...] = ()
    test_additions: tuple[str, ...] = ()
    template_improvements: tuple[str, ...] = ()
    dependency_pins: dict[str, str] = msgspec.field(default_factory=dict)


class Analysis(Record, frozen=True, kw_only=True):
    """Five whys for one Andon, ending in a root cause and a prevention (domain 11).

    `whys` are those answered so far, in their order. `actor` is who began it.
    """

    kind = "analysis"
    id_field = "analysis_id"

    analysis_id: str = ""
    andon_id: str
    problem: str
    whys: tuple[Why, ...] = ()
    root_cause: str | None = None
    prevention_action: str | None = None
    suggestions: Suggestions | None = None
    status: AnalysisStatus = AnalysisStatus.PENDING
    created_at: Timestamp = NEVER
    updated_at: Timestamp = NEVER
    finalized_at: Timestamp | None = None
    duration_ms: int | None = None
    actor: str = ""
