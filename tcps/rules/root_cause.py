"""Root-cause analysis (domain 11): five whys for one Andon, then a root cause and a prevention."""

from msgspec.structs import replace

from tcps.errors import Refused, missing
from tcps.model import Analysis, AnalysisStatus, AndonEvent, Why, shown, to_ms
from tcps.model.text import clean, required
from tcps.rules.state import State, found
from tcps.rules.suggestions import suggestions

WHYS = 5
FIRST_QUESTION, NEXT_QUESTION = "Why did this problem occur?", "Why did that happen?"


def start(state: State, andon_id: str, problem: object) -> Analysis:
    """A new analysis of an Andon, pending."""
    andon = found(state, AndonEvent, andon_id)
    begun = Analysis(
        analysis_id=state.next_id("analysis"),
        andon_id=andon.id,
        problem=required("problem", problem, "an analysis"),
        created_at=state.now,
        updated_at=state.now,
        actor=state.actor,
    )
    return state.put(begun)


def add_why(
    state: State, analysis_id: str, number: object, answer: object, question: object = None
) -> Analysis:
    """The answer to why number 1..5, each after the one before; one that is there is replaced."""
    analysis = _open(state, analysis_id)
    n = _in_turn(analysis, number)
    why = Why(
        question=clean("question", question or "") or question_of(n),
        answer=required("answer", answer, f"why {n}"),
    )
    whys = (*analysis.whys[: n - 1], why, *analysis.whys[n:])
    changed = replace(analysis, whys=whys, status=AnalysisStatus.IN_PROGRESS, updated_at=state.now)
    return state.put(changed)


def finalize(state: State, analysis_id: str, root_cause: object, prevention_action: object) -> Analysis:
    """in progress → finalized, with what the root cause suggests; it never changes again."""
    analysis = _open(state, analysis_id)
    answered = len(analysis.whys)
    if answered < WHYS:
        raise Refused(
            f"{analysis.id} has no why {answered + 1} yet; it takes {WHYS}",
            code="missing_why",
            hint=f"tcps root-cause add-why {analysis.id} {answered + 1} …",
            details={"id": analysis.id, "why": answered + 1},
        )
    cause, prevention = _conclusion(root_cause, prevention_action)
    done = replace(
        analysis,
        root_cause=cause,
        prevention_action=prevention,
        suggestions=suggestions(cause),
        status=AnalysisStatus.FINALIZED,
        updated_at=state.now,
        finalized_at=state.now,
        duration_ms=to_ms(state.now) - to_ms(analysis.created_at),
    )
    return state.put(done)


def question_of(number: int) -> str:
    """What why number `number` asks unless it is asked in other words."""
    return FIRST_QUESTION if number == 1 else NEXT_QUESTION


def _open(state: State, analysis_id: str) -> Analysis:
    analysis = found(state, Analysis, analysis_id)
    if analysis.status is AnalysisStatus.FINALIZED:
        raise Refused(
            f"{analysis.id} is finalized: it does not change any more",
            code="already_finalized",
            hint=f"begin another: tcps root-cause start {analysis.andon_id} --problem …",
            details={"id": analysis.id},
        )
    return analysis


def _in_turn(analysis: Analysis, number: object) -> int:
    """The number, which is at most one above those answered, else `invalid_why_number`."""
    following = min(len(analysis.whys) + 1, WHYS)
    if isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= following:
        return number
    raise Refused(
        f"why {shown(number)} is out of turn: {analysis.id} takes 1 to {following} now",
        code="invalid_why_number",
        details={"id": analysis.id, "number": number, "next": following},
    )


def _conclusion(root_cause: object, prevention_action: object) -> tuple[str, str]:
    given = {"root_cause": root_cause, "prevention_action": prevention_action}
    texts = {name: clean(name, "" if text is None else text) for name, text in given.items()}
    blank = [name for name, text in texts.items() if not text]
    if blank:
        raise missing(blank, "the end of an analysis")
    return texts["root_cause"], texts["prevention_action"]
