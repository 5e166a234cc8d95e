"""`tcps query`."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tcps.cli.base import QUERY_FORMS, Command, context, opened, single, text
from tcps.config import Format
from tcps.errors import InvalidInput, missing
from tcps.render import Column, columns

if TYPE_CHECKING:
    from tcps.ontology.limits import Limits

_LISTED = columns("name", "question", "parameters=shown")


class QueryCommand(Command):
    """A command that also has the formats of SPARQL results and of graphs."""

    forms = QUERY_FORMS


def _names(incomplete: str) -> list[str]:
    from tcps.ontology import canned

    return [name for name in canned.names() if name.startswith(incomplete)]


def _query(
    ctx: typer.Context,
    sparql: Annotated[
        str | None, typer.Argument(metavar="SPARQL", help="The query; - or @FILE reads it.")
    ] = None,
    canned: Annotated[
        str | None,
        typer.Option("--canned", metavar="NAME", help="A canned query.", autocompletion=_names),
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option("--param", metavar="NAME=VALUE", help="A parameter of it; can be repeated."),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the canned queries.")] = False,
    endpoint: Annotated[
        str | None,
        typer.Option("--endpoint", metavar="URL", help="Ask this SPARQL server instead of the store."),
    ] = None,
    login: Annotated[
        str | None, typer.Option("--login", metavar="NAME:PASSWORD", help="For that server; or @FILE.")
    ] = None,
    timeout: Annotated[float, typer.Option("--timeout", metavar="SECONDS", min=0.1, max=86400)] = 30,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=10_000_000, help="At most so many rows.")
    ] = 100_000,
) -> None:
    """Ask the store in SPARQL, or with a canned query.

    A query reads the store's graph and nothing else: no other server, no file. Results also come as table,
    tsv or xml (-o); what CONSTRUCT and DESCRIBE give as turtle, ntriples or jsonld.
    """
    from tcps.ontology.limits import Limits

    given = [sparql is not None, canned is not None, list_]
    if sum(given) != 1:
        problem = missing(["SPARQL, --canned or --list"], "query") if not any(given) else None
        raise problem or InvalidInput("give one of SPARQL, --canned and --list", code="usage")
    if param and canned is None:
        raise InvalidInput("--param belongs to --canned", code="usage")
    if endpoint is not None and canned is not None:
        raise InvalidInput("--canned asks the store; --endpoint takes SPARQL", code="usage")
    form, limits = _form(ctx), Limits(seconds=timeout, rows=limit)
    if list_:
        _listed(ctx)
    elif canned is not None:
        _canned(ctx, form, limits, canned, param or ())
    elif endpoint is None:
        _free(ctx, form, limits, text(sparql, "SPARQL") or "")
    else:
        _remote(ctx, form, limits, text(sparql, "SPARQL") or "", endpoint, login)


def _listed(ctx: typer.Context) -> None:
    from tcps.service import ontology

    _, out = context(ctx)
    rows = ontology.canned_queries()
    out.table([row | {"shown": _shown(row)} for row in rows], _LISTED, document=rows)


def _canned(ctx: typer.Context, form: str | None, limits: "Limits", name: str, given: Iterable[str]) -> None:
    from tcps.service import ontology

    with opened(ctx) as (store, out):
        _write(out, ontology.canned_query(store, name, given, limits), form or out.form)


def _free(ctx: typer.Context, form: str | None, limits: "Limits", sparql: str) -> None:
    from tcps.ontology.process import Worker

    with Worker() as worker:  # it gets ready while this process imports what it needs
        from tcps.service import ontology

        with opened(ctx) as (store, out):
            _write(out, ontology.query(store, sparql, limits, worker), form or out.form)


def _remote(
    ctx: typer.Context, form: str | None, limits: "Limits", sparql: str, url: str, login: str | None
) -> None:
    from tcps.service import ontology

    _, out = context(ctx)
    known = ontology.login_of(text(login, "--login"))
    _write(out, ontology.remote_query(url, sparql, limits, known), form or out.form)


def _form(ctx: typer.Context) -> str | None:
    """The format that only this command has, if one was asked for; the rest is as for every command."""
    flags = ctx.ensure_object(dict)
    if flags.get("json") or flags.get("format") not in QUERY_FORMS:
        return None
    form = str(flags.pop("format"))
    return None if form == "table" else form


def _write(out: Any, answer: Any, form: str) -> None:
    """Write the answer; what has no rows is a document."""
    if out.quiet:
        return
    if answer.graph is not None:
        out.document(_graph(answer.graph, form))
    elif form in _RESULTS:
        out.document(_results(form)(answer))
    elif form in QUERY_FORMS:
        raise InvalidInput(f"{form} is a format of graphs, which CONSTRUCT and DESCRIBE give", code="usage")
    elif answer.truth is not None:
        out.record({"answer": answer.truth}, [str(answer.truth).lower()])
    else:
        shown = [Column(name, name) for name in answer.variables]
        out.table(answer.values(), shown, "the answer has no rows")


_RESULTS = (Format.JSON, Format.CSV, "tsv", "xml")


def _results(form: str) -> Callable[[Any], str]:
    from tcps.ontology import answers

    writer: Callable[[Any], str] = getattr(answers, form)
    return writer


def _graph(ntriples: str, form: str) -> str:
    from tcps.ontology.documents import Form, written

    forms = {Format.TEXT: Form.TURTLE, Format.MD: Form.TURTLE, Format.JSON: Form.JSONLD}
    chosen = (
        forms.get(Format(form)) if form in Format.__members__.values() else Form.__members__.get(form.upper())
    )
    if chosen is None:
        raise InvalidInput(f"{form} is no format of graphs, which CONSTRUCT and DESCRIBE give", code="usage")
    return written(ntriples, chosen)


def _shown(row: dict[str, Any]) -> str:
    return " ".join(f"{one['name']}{'' if one['needed'] else '?'}" for one in row["params"])


query = single(
    _query,
    """tcps query --list
    tcps query --canned receipts-by-stage --param stage=compilation
    tcps query 'SELECT ?title { ?order a tcps:WorkOrder ; tcps:title ?title }'
    tcps query @question.rq -o csv""",
    cls=QueryCommand,
)
