"""The story of a root-cause analysis, of an improvement, of maintenance."""

from tcps.model import Analysis, AnalysisStatus, Improvement, ImprovementStatus, Record, TpmRun
from tcps.rules.story.words import Told, one_line


def analysis(before: Record | None, after: Analysis) -> list[Told]:
    """What happened to an analysis: begun, whys answered, finalized."""
    seen = before if isinstance(before, Analysis) else None
    events = []
    if seen is None:
        events.append(Told("analysis_started", f"five whys for {after.andon_id}: {one_line(after.problem)}"))
    known = () if seen is None else seen.whys
    for number, why in enumerate(after.whys, start=1):
        if number > len(known) or why != known[number - 1]:
            again = " now" if number <= len(known) else ""
            events.append(Told("analysis_why", f"why {number} is{again}: {one_line(why.answer)}"))
    if after.status is AnalysisStatus.FINALIZED and (seen is None or seen.status is not after.status):
        texts = f"root cause: {one_line(after.root_cause or '')}"
        prevention = f"prevention: {one_line(after.prevention_action or '')}"
        events.append(Told("analysis_finalized", f"finalized; {texts}; {prevention}"))
    return events


def improvement(before: Record | None, after: Improvement) -> list[Told]:
    """What happened to an improvement: proposed, applied, measured, rejected."""
    seen = before if isinstance(before, Improvement) else None
    events = []
    if seen is None:
        cost = f"{after.weekly_waste_hours:.2f} hours a week"
        events.append(Told("improvement_proposed", f"proposed: {one_line(after.description)} ({cost})"))
    elif seen.weekly_waste_hours != after.weekly_waste_hours:
        old, new = f"{seen.weekly_waste_hours:.2f}", f"{after.weekly_waste_hours:.2f}"
        events.append(Told("improvement_updated", f"hours a week: {old} → {new}"))
    if after.status is not (ImprovementStatus.PROPOSED if seen is None else seen.status):
        events.append(_moved(after))
    return events


def maintenance(run: TpmRun) -> list[Told]:
    """How a maintenance run ended."""
    found = sum(len(result.issues) for result in run.tasks)
    issues = f"{found} issue{'' if found == 1 else 's'}"
    text = f"{run.frequency} maintenance is {run.status}: {issues}, score {run.score:g}"
    return [Told("tpm_run", text, run.finished_at)]


def _moved(after: Improvement) -> Told:
    match after.status:
        case ImprovementStatus.MEASURING:
            changes = f": {one_line(after.changes)}" if after.changes else ""
            return Told("improvement_applied", f"applied{changes}")
        case ImprovementStatus.APPLIED:
            gained = f"{after.actual_benefit_hours or 0.0:.2f} hours a week"
            return Told("improvement_measured", f"measured: {gained} gained")
        case ImprovementStatus.REJECTED:
            return Told("improvement_rejected", f"rejected: {one_line(after.rejection_reason or '')}")
        case ImprovementStatus.PROPOSED:
            return Told("improvement_updated", "proposed again")
