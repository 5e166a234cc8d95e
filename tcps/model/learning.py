"""The records of learning: what a stopped line taught (domain 11), what is to be improved (domain 12.3)."""

import msgspec

from tcps.model.enums import AnalysisStatus, Effort, ImprovementStatus, Stage, WasteType
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


class Improvement(Record, frozen=True, kw_only=True):
    """A proposal against one waste, and what became of it (domain 12.3). Hours are exact.

    `changes` is what people did about it; `before_waste_hours` and `after_waste_hours` are those of the
    seven days before and after it was applied.
    """

    kind = "improvement"
    id_field = "improvement_id"

    improvement_id: str = ""
    waste_type: WasteType
    stage: Stage | None = None
    root_cause: str | None = None
    description: str
    weekly_waste_hours: float
    expected_saving_hours: float
    effort: Effort
    effort_hours: int
    roi: float
    waste_ratio: float
    status: ImprovementStatus = ImprovementStatus.PROPOSED
    created_at: Timestamp = NEVER
    applied_at: Timestamp | None = None
    measured_at: Timestamp | None = None
    changes: str | None = None
    before_waste_hours: float | None = None
    after_waste_hours: float | None = None
    actual_benefit_hours: float | None = None
    rejection_reason: str | None = None
