"""`tcps root-cause …`."""

from collections.abc import Iterator
from typing import Annotated

import typer

from tcps.cli.base import AndonId, Command, Limit, completion, examples_text, group, opened, text
from tcps.model import Json
from tcps.render import columns, duration

app = group("Root-cause analyses: five whys for an Andon.")
_LIST = columns("id=analysis_id", "andon=andon_id", "status", "whys=answered", "problem", "root cause")
_SUGGESTED = {
    "shacl_additions": "SHACL",
    "test_additions": "tests",
    "template_improvements": "templates",
}

AnalysisId = Annotated[
    str, typer.Argument(metavar="ID", help="An analysis.", autocompletion=completion("analysis"))
]


@app.command(
    cls=Command,
    epilog=examples_text(
        """tcps root-cause start ANDON-1 --problem "the build fails on Mondays"
        tcps root-cause start ANDON-1 --problem @problem.md"""
    ),
)
def start(
    ctx: typer.Context,
    andon_id: AndonId,
    problem: Annotated[str, typer.Option("--problem", help="What is to be explained; - or @FILE.")],
) -> None:
    """Begin an analysis of an Andon."""
    from tcps.service import analyses

    given = text(problem, "--problem")
    with opened(ctx) as (store, out):
        begun = analyses.start(store, andon_id, given)
        out.record(begun, [f"{begun['analysis_id']} of {begun['andon_id']}: why 1 is next"])


@app.command(
    "add-why",
    cls=Command,
    epilog=examples_text(
        """tcps root-cause add-why RCA-1 1 "the cache was empty"
        tcps root-cause add-why RCA-1 2 "a job clears it" --question "Why was it empty?\""""
    ),
)
def add_why(
    ctx: typer.Context,
    analysis_id: AnalysisId,
    number: Annotated[int, typer.Argument(metavar="N", help="Which why, 1 to 5.")],
    answer: Annotated[str, typer.Argument(metavar="TEXT", help="The answer; - or @FILE reads it.")],
    question: Annotated[
        str | None, typer.Option("--question", help="What was asked, if in other words.")
    ] = None,
) -> None:
    """Answer a why: the next one, or one again that has an answer."""
    from tcps.service import analyses

    given = text(answer, "TEXT")
    with opened(ctx) as (store, out):
        changed = analyses.add_why(store, analysis_id, number, given, text(question, "--question"))
        out.record(changed, [f"{changed['analysis_id']}: {_next(changed)}"])


@app.command(
    cls=Command,
    epilog=examples_text(
        """tcps root-cause finalize RCA-1 --root-cause "no test of an edge case" --prevention "a test\""""
    ),
)
def finalize(
    ctx: typer.Context,
    analysis_id: AnalysisId,
    root_cause: Annotated[str, typer.Option("--root-cause", help="What it comes from; - or @FILE.")],
    prevention: Annotated[
        str, typer.Option("--prevention", help="Why it will not happen again; - or @FILE.")
    ],
) -> None:
    """End an analysis; it does not change after that. Says what the root cause suggests."""
    from tcps.service import analyses

    cause, kept = text(root_cause, "--root-cause"), text(prevention, "--prevention")
    with opened(ctx) as (store, out):
        done = analyses.finalize(store, analysis_id, cause, kept)
        took = duration(done["duration_ms"])
        out.record(done, [f"{done['analysis_id']} is finalized after {took}", *_suggestions(done)])


@app.command(
    cls=Command, epilog=examples_text("tcps root-cause show RCA-1\ntcps root-cause show RCA-1 -o md")
)
def show(ctx: typer.Context, analysis_id: AnalysisId) -> None:
    """Show an analysis with its whys and what it suggests."""
    from tcps.service import analyses

    with opened(ctx) as (store, out):
        found = analyses.show(store, analysis_id)
        out.record(found, list(_told(found)))


@app.command(
    "list", cls=Command, epilog=examples_text("tcps root-cause list\ntcps root-cause list --andon ANDON-1")
)
def list_(
    ctx: typer.Context,
    andon: Annotated[
        str | None,
        typer.Option("--andon", help="Only of this Andon.", autocompletion=completion("andon_event")),
    ] = None,
    status: Annotated[
        list[str] | None, typer.Option("--status", help="Only of this status; may be repeated.")
    ] = None,
    limit: Limit = None,
) -> None:
    """List analyses."""
    from tcps.service import analyses
    from tcps.service.views import ANALYSIS_FIELDS

    with opened(ctx) as (store, out):
        found = analyses.lists(store, andon=andon, status=status or (), limit=limit)
        rows = [row | {"answered": f"{len(row['whys'])} of 5"} for row in found]
        out.table(rows, _LIST, "no analyses", document=found, fields=ANALYSIS_FIELDS)


def _told(analysis: Json) -> Iterator[str]:
    """An analysis as people write it on a board."""
    yield f"{analysis['analysis_id']} of {analysis['andon_id']}, {analysis['status']}, by {analysis['actor']}"
    yield f"problem     {analysis['problem']}"
    for number, why in enumerate(analysis["whys"], start=1):
        yield f"why {number}       {why['question']}"
        yield f"            {why['answer']}"
    if analysis["status"] == "finalized":
        yield f"root cause  {analysis['root_cause']}"
        yield f"prevention  {analysis['prevention_action']}"
        yield from _suggestions(analysis)
    else:
        yield f"next        {_next(analysis)}"


def _next(analysis: Json) -> str:
    answered = len(analysis["whys"])
    return f"why {answered + 1} is next" if answered < 5 else "all five answered; finalize is next"


def _suggestions(analysis: Json) -> Iterator[str]:
    suggested = analysis["suggestions"]
    for name, label in _SUGGESTED.items():
        for added in suggested[name]:
            yield f"suggested   {label}: {added}"
    for name, number in suggested["dependency_pins"].items():
        yield f"suggested   pin {name} to {number}"
