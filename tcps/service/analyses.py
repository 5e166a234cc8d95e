"""Use cases of root-cause analyses: five whys for one Andon."""

from collections.abc import Sequence

from tcps.model import Analysis, AnalysisStatus, Json, parse_enum
from tcps.model.text import checked_id
from tcps.rules import root_cause
from tcps.rules.state import found
from tcps.service import views
from tcps.store import Store, filters


def start(store: Store, andon_id: str, problem: object) -> Json:
    """Begin an analysis of an Andon."""
    with store.transaction("root_cause.start") as draft:
        return views.analysis(root_cause.start(draft, andon_id, problem))


def add_why(store: Store, analysis_id: str, number: int, answer: object, question: str | None = None) -> Json:
    """Answer one of the five whys."""
    with store.transaction("root_cause.add_why") as draft:
        return views.analysis(root_cause.add_why(draft, analysis_id, number, answer, question))


def finalize(store: Store, analysis_id: str, cause: object, prevention: object) -> Json:
    """End an analysis with its root cause and prevention."""
    with store.transaction("root_cause.finalize") as draft:
        return views.analysis(root_cause.finalize(draft, analysis_id, cause, prevention))


def show(store: Store, analysis_id: str) -> Json:
    """One analysis."""
    with store.view() as view:
        return views.analysis(found(view, Analysis, analysis_id))


def lists(
    store: Store, *, andon: str | None = None, status: Sequence[str] = (), limit: int | None = None
) -> list[Json]:
    """The analyses that meet every filter, oldest first."""
    where = filters.records(
        statuses=[parse_enum(AnalysisStatus, value) for value in status],
        andon_id=None if andon is None else checked_id("andon_id", andon),
    )
    with store.view() as view:
        return [views.analysis(analysis) for analysis in view.analyses(where, limit)]
