"""Five whys on the command line (interface 3; domain 11)."""

from pathlib import Path

from tests.cli.conftest import Tcps

ANSWERS = ("the cache was empty", "a job cleared it", "it runs daily", "nobody asked", "no review")


def begun(tcps: Tcps) -> None:
    assert tcps("andon", "trigger", "--type", "test_failure", "--sku", "SKU-1").code == 0
    assert tcps("root-cause", "start", "ANDON-1", "--problem", "red").out == (
        "RCA-1 of ANDON-1: why 1 is next\n"
    )


def answered(tcps: Tcps) -> None:
    for number, answer in enumerate(ANSWERS, start=1):
        assert tcps("root-cause", "add-why", "RCA-1", str(number), answer).code == 0


def test_five_whys_from_the_problem_to_the_suggestions(tcps: Tcps, tmp_path: Path) -> None:
    begun(tcps)
    answered(tcps)
    (tmp_path / "cause.md").write_text("A hardcoded timeout; dependency x version 2.0.\n")
    done = tcps(
        *("root-cause", "finalize", "RCA-1", "--root-cause", "@cause.md", "--prevention", "a review"),
        "--json",
    ).json
    assert (done["status"], done["suggestions"]) == (
        "finalized",
        {
            "shacl_additions": [],
            "test_additions": ["Add a timeout test"],
            "template_improvements": ["Extract the value into a variable"],
            "dependency_pins": {"x": "2.0"},
        },
    )
    assert tcps("root-cause", "show", "RCA-1", "--json").json == done
    shown = tcps("root-cause", "show", "RCA-1").out.splitlines()
    assert shown[:4] == [
        "RCA-1 of ANDON-1, finalized, by alice",
        "problem     red",
        "why 1       Why did this problem occur?",
        "            the cache was empty",
    ]
    assert shown[-4:] == [
        "prevention  a review",
        "suggested   tests: Add a timeout test",
        "suggested   templates: Extract the value into a variable",
        "suggested   pin x to 2.0",
    ]
    assert tcps("andon", "show", "ANDON-1", "--json").json["analyses"] == ["RCA-1"]


def test_analyses_are_listed_by_andon_and_status(tcps: Tcps) -> None:
    assert tcps("root-cause", "list").out == "no analyses\n"
    begun(tcps)
    tcps("andon", "trigger", "--type", "low_coverage", "--sku", "SKU-1")
    tcps("root-cause", "start", "ANDON-2", "--problem", "thin")
    tcps("root-cause", "add-why", "RCA-2", "1", "new code", "--question", "Why thin?")
    everything = tcps("root-cause", "list", "--json").json
    assert [(row["analysis_id"], row["status"]) for row in everything] == [
        ("RCA-1", "pending"),
        ("RCA-2", "in_progress"),
    ]
    assert tcps("root-cause", "list", "--andon", "ANDON-2", "--json").json == everything[1:]
    assert tcps("root-cause", "list", "--status", "pending", "--json").json == everything[:1]
    assert "RCA-2  ANDON-2  in_progress  1 of 5  thin" in tcps("root-cause", "list").out
    assert tcps("root-cause", "list", "--status", "open", "--json").error["code"] == "invalid_status"


def test_refusals_exit_with_3_and_say_what_is_next(tcps: Tcps) -> None:
    begun(tcps)
    late = tcps("root-cause", "add-why", "RCA-1", "2", "x", "--json")
    assert (late.code, late.error["code"], late.error["details"]["next"]) == (3, "invalid_why_number", 1)
    finalize = ("root-cause", "finalize", "RCA-1", "--root-cause", "a", "--prevention", "b")
    early = tcps(*finalize, "--json")
    assert (early.code, early.error["code"], early.error["details"]["why"]) == (3, "missing_why", 1)
    answered(tcps)
    assert tcps(*finalize).code == 0
    assert tcps(*finalize, "--json").error["code"] == "already_finalized"
    assert tcps("root-cause", "show", "RCA-9").code == 4


def test_a_policy_of_five_whys_is_met_by_a_finalized_analysis(tcps: Tcps) -> None:
    begun(tcps)
    tcps("policy", "set", "require_five_whys", "true")
    resolve = ("andon", "resolve", "ANDON-1", "--root-cause", "a", "--fix", "b", "--prevention", "c")
    held = tcps(*resolve)
    assert (held.code, held.err.splitlines()[1]) == (3, "hint: go on with tcps root-cause show RCA-1")
    answered(tcps)
    tcps("root-cause", "finalize", "RCA-1", "--root-cause", "a", "--prevention", "b")
    assert tcps(*resolve).code == 0


def test_the_log_and_the_counts_know_analyses(tcps: Tcps) -> None:
    begun(tcps)
    for kind in ("analysis", "analyses", "rca", "Analysis"):
        (entry,) = tcps("log", "--kind", kind, "--json").json
        assert entry["action"] == "root_cause.start"
    assert tcps("log", "--id", "RCA-1", "--json").json == [entry]
    assert tcps("stats", "--json").json["analyses"] == {"pending": 1}
    assert tcps("verify").code == 0
