"""Root-cause analysis: five whys, a root cause, a prevention (domain 11)."""

from typing import Any

import pytest

from tcps.model import Analysis, Why
from tcps.rules import root_cause
from tcps.store import Store
from tests.conftest import START, FixedClock
from tests.rules.line import act, refused, resolve, setting, trigger

ANSWERS = ["the cache was empty", "a job cleared it", "it runs daily", "nobody asked", "no review"]


def started(store: Store, problem: object = "the build fails") -> Analysis:
    made: Analysis = act(store, root_cause.start, trigger(store, "a").id, problem)
    return made


def answered(store: Store, count: int) -> Analysis:
    analysis = started(store)
    for number, answer in enumerate(ANSWERS[:count], start=1):
        analysis = act(store, root_cause.add_why, analysis.id, number, answer)
    return analysis


def finalized(store: Store, cause: str = "no review") -> Analysis:
    analysis = answered(store, 5)
    done: Analysis = act(store, root_cause.finalize, analysis.id, cause, "a review")
    return done


# start


def test_an_analysis_of_an_andon_starts_pending(store: Store, clock: FixedClock) -> None:
    clock.forward(hours=1)
    analysis = started(store, "  the build fails ")
    assert (analysis.id, analysis.andon_id, analysis.problem) == ("RCA-1", "ANDON-1", "the build fails")
    assert (analysis.status, analysis.whys, analysis.actor) == ("pending", (), "alice")
    assert (analysis.created_at, analysis.updated_at) == (clock.now, clock.now)
    assert (analysis.root_cause, analysis.prevention_action) == (None, None)
    assert (analysis.suggestions, analysis.finalized_at, analysis.duration_ms) == (None, None, None)


def test_an_andon_may_have_several_analyses_and_be_resolved(store: Store) -> None:
    first = started(store)
    resolve(store, first.andon_id)
    second = act(store, root_cause.start, first.andon_id, "again")
    assert (second.id, second.andon_id) == ("RCA-2", "ANDON-1")
    with store.view() as view:
        assert view.analyses_of("ANDON-1") == (first, second)
        assert view.analyses_of("ANDON-2") == ()


def test_start_asks_for_a_known_andon_first_then_for_a_problem(store: Store) -> None:
    with refused(store, "not_found"):
        act(store, root_cause.start, "ANDON-1", " ")
    trigger(store, "a")
    for blank in ("", " \n", None):
        with refused(store, "missing_required_field") as caught:
            act(store, root_cause.start, "ANDON-1", blank)
        assert caught.value.details == {"fields": ["problem"]}
    assert act(store, root_cause.start, "ANDON-1", "x").id == "RCA-1"


# whys


def test_five_whys_are_answered_one_after_the_other(store: Store, clock: FixedClock) -> None:
    analysis = started(store)
    for number, answer in enumerate(ANSWERS, start=1):
        clock.forward(hours=1)
        analysis = act(store, root_cause.add_why, analysis.id, number, f" {answer} ")
        assert (analysis.status, analysis.updated_at) == ("in_progress", clock.now)
        assert [why.answer for why in analysis.whys] == ANSWERS[:number]
    assert [why.question for why in analysis.whys] == [
        "Why did this problem occur?",
        *["Why did that happen?"] * 4,
    ]


def test_a_why_may_ask_in_its_own_words(store: Store) -> None:
    analysis = started(store)
    act(store, root_cause.add_why, analysis.id, 1, "a", "Why on Mondays?")
    changed = act(store, root_cause.add_why, analysis.id, 2, "b", "  ")
    assert changed.whys == (
        Why(question="Why on Mondays?", answer="a"),
        Why(question="Why did that happen?", answer="b"),
    )


@pytest.mark.parametrize("number", [1, 3, 5])
def test_an_answer_may_be_replaced_until_the_analysis_is_finalized(store: Store, number: int) -> None:
    analysis = answered(store, 5)
    changed = act(store, root_cause.add_why, analysis.id, number, "something else")
    wanted = [*ANSWERS[: number - 1], "something else", *ANSWERS[number:]]
    assert [why.answer for why in changed.whys] == wanted


@pytest.mark.parametrize(
    ("there", "number"),
    [(0, 2), (0, 0), (0, -1), (1, 3), (3, 5), (4, 6), (5, 6), (0, True), (0, "1"), (0, 1.0)],
)
def test_a_why_out_of_turn_is_refused(store: Store, there: int, number: object) -> None:
    analysis = answered(store, there)
    with refused(store, "invalid_why_number") as caught:
        act(store, root_cause.add_why, analysis.id, number, " ")
    assert caught.value.exit_code == 3
    assert caught.value.details["next"] == min(there + 1, 5)


@pytest.mark.parametrize("answer", ["", " \t", None])
def test_a_blank_answer_is_refused(store: Store, answer: object) -> None:
    analysis = started(store)
    with refused(store, "missing_required_field") as caught:
        act(store, root_cause.add_why, analysis.id, 1, answer)
    assert caught.value.details == {"fields": ["answer"]}


def test_whys_of_an_unknown_analysis_are_not_found(store: Store) -> None:
    with refused(store, "not_found"):
        act(store, root_cause.add_why, "RCA-1", 9, "")
    with refused(store, "not_found"):
        act(store, root_cause.finalize, "RCA-1", "", "")


# finalize


def test_finalize_ends_an_analysis_with_its_conclusion(store: Store, clock: FixedClock) -> None:
    analysis = answered(store, 5)
    clock.forward(ms=90_001)
    done = act(store, root_cause.finalize, analysis.id, " an edge case ", " a test ")
    assert (done.status, done.root_cause, done.prevention_action) == ("finalized", "an edge case", "a test")
    assert (done.created_at, done.finalized_at, done.updated_at) == (START, clock.now, clock.now)
    assert done.duration_ms == 90_001
    assert done.suggestions.test_additions == ("Add tests of boundary values",)
    with store.view() as view:
        assert view.get(Analysis, done.id) == done


@pytest.mark.parametrize(("there", "lowest"), [(0, 1), (1, 2), (3, 4), (4, 5)])
def test_finalize_names_the_lowest_missing_why(store: Store, there: int, lowest: int) -> None:
    analysis = answered(store, there)
    with refused(store, "missing_why") as caught:
        act(store, root_cause.finalize, analysis.id, "", "")
    assert caught.value.details["why"] == lowest


@pytest.mark.parametrize(
    ("texts", "blank"),
    [
        ((" ", "a"), ["root_cause"]),
        (("a", ""), ["prevention_action"]),
        ((None, None), ["root_cause", "prevention_action"]),
    ],
)
def test_finalize_names_every_blank_text(store: Store, texts: tuple[Any, Any], blank: list[str]) -> None:
    analysis = answered(store, 5)
    with refused(store, "missing_required_field") as caught:
        act(store, root_cause.finalize, analysis.id, *texts)
    assert caught.value.details == {"fields": blank}


def test_a_finalized_analysis_never_changes(store: Store) -> None:
    done = finalized(store)
    with refused(store, "already_finalized"):
        act(store, root_cause.add_why, done.id, 9, "")
    with refused(store, "already_finalized"):
        act(store, root_cause.finalize, done.id, "", "")


def test_texts_over_their_limit_are_too_large(store: Store) -> None:
    analysis = started(store)
    with refused(store, "too_large"):
        act(store, root_cause.add_why, analysis.id, 1, "x" * 65_537)
    with refused(store, "too_large"):
        act(store, root_cause.add_why, analysis.id, 1, "x", "y" * 65_537)


# resolving with five whys (domain 10.2)


def test_a_policy_of_five_whys_lets_an_andon_resolve_with_a_finalized_analysis(store: Store) -> None:
    setting(store, "require_five_whys", True)
    other = finalized(store)
    held = trigger(store, "b")
    analysis = act(store, root_cause.start, held.id, "another")
    with refused(store, "root_cause_required") as caught:
        resolve(store, held.id)
    assert caught.value.details == {"id": held.id, "analyses": [analysis.id]}
    assert resolve(store, other.andon_id).status == "resolved"


def test_an_analysis_may_be_finalized_and_its_andon_resolved_in_one_transaction(store: Store) -> None:
    setting(store, "require_five_whys", True)
    with store.transaction("all at once"):
        done = finalized(store)
        assert resolve(store, done.andon_id).status == "resolved"
