"""`tcps ontology …`."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tcps.cli.base import Command, context, examples_text, group, input_stream, opened, text
from tcps.errors import InvalidInput, TcpsError
from tcps.model import Json
from tcps.render import Section, columns, counted

if TYPE_CHECKING:
    from tcps.ontology.documents import Form

app = group("The store as an RDF graph.")
_FORMS = "turtle, ntriples or jsonld."
_REBUILT, _JUDGED = 5000, 300
"""From how many records on a rebuild and a judgement take long enough to show how far they are."""
_CLASSES = columns("class", "things")
_BREACHES = columns("record", "property", "value", "shape", "message")


@app.command(cls=Command, epilog=examples_text("tcps ontology rebuild\ntcps ontology rebuild --json"))
def rebuild(ctx: typer.Context) -> None:
    """Make the graph anew from the ledger and compare it with the one that was kept.

    Nobody needs to: the graph is kept up with the ledger, and made anew when it cannot be trusted. Exits
    with 12 when what was kept was another one.
    """
    from tcps.cli.progress import told
    from tcps.service import ontology

    with opened(ctx) as (store, out):
        with told(context(ctx).settings, _REBUILT) as progress:
            made = ontology.rebuild(store, progress)
        out.record(made, [_rebuilt(made)])
    if made["same"] is False:
        raise typer.Exit(12)


@app.command(
    cls=Command,
    epilog=examples_text(
        """tcps ontology validate
        tcps ontology validate --full --report report.ttl"""
    ),
)
def validate(
    ctx: typer.Context,
    full: Annotated[bool, typer.Option("--full", help="All records, not only those that changed.")] = False,
    report: Annotated[
        str | None,
        typer.Option("--report", metavar="FILE", help="SHACL's own report as Turtle; of all records."),
    ] = None,
) -> None:
    """Check the records against the shapes (SHACL); exits with 3 when one breaks a rule.

    Without --full those are looked at that changed since everything conformed.
    """
    from tcps.cli.progress import told
    from tcps.service import ontology

    with opened(ctx) as (store, out):
        with told(context(ctx).settings, _JUDGED) as progress:
            value, written = ontology.validate(store, full or report is not None, progress)
        if report is not None:
            _save(report, written or "")
        breaches = value["breaches"]
        shown = [Section("Breaches", (), breaches, _BREACHES)] if breaches else []
        out.report(value, _verdict(value), shown, breaches)
    if not value["conforms"]:
        raise typer.Exit(3)


@app.command(cls=Command, epilog=examples_text("tcps ontology stats\ntcps ontology stats --json"))
def stats(ctx: typer.Context) -> None:
    """Show what the graph holds."""
    from tcps.service import ontology

    with opened(ctx) as (store, out):
        value = ontology.stats(store)
        rows = [{"class": name, "things": n} for name, n in value["classes"].items()]
        out.report(value, f"{value['statements']} statements, kept by {value['engine']}", _stats(rows), rows)


@app.command(
    cls=Command,
    epilog=examples_text(
        """tcps ontology export --as turtle store.ttl
        tcps ontology export --as ntriples | sort -c"""
    ),
)
def export(
    ctx: typer.Context,
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="Where to; without it, stdout.")
    ] = None,
    form: Annotated[str, typer.Option("--as", metavar="FORM", help=_FORMS)] = "turtle",
    terms: Annotated[bool, typer.Option("--terms", help="With the vocabulary.")] = False,
) -> None:
    """Write the graph as a document; as N-Triples, the same store gives the same bytes."""
    from tcps.service import ontology

    chosen = _form(form)
    with opened(ctx) as (store, out):
        document = ontology.export(store, chosen, terms)
        if file is None:
            out.document(document)
        else:
            _save(file, document)


@app.command(
    cls=Command,
    epilog=examples_text(
        """tcps ontology compare store.ttl
        tcps ontology export --as ntriples | tcps ontology compare - --as ntriples"""
    ),
)
def compare(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="Turtle, N-Triples or JSON-LD; or -.")],
    form: Annotated[
        str | None, typer.Option("--as", metavar="FORM", help=f"{_FORMS[:-1]}; without it, by its name.")
    ] = None,
    terms: Annotated[bool, typer.Option("--terms", help="It has the vocabulary too.")] = False,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=0, help="Show so many of each kind.")
    ] = 10,
) -> None:
    """Say whether a document states the same as the store; exits with 12 when not.

    Nothing of the document is taken over, nothing that it names is fetched.
    """
    from tcps.ontology.reading import form_of
    from tcps.service import ontology

    chosen = form_of(file) if form is None else _form(form)
    with opened(ctx) as (store, out), input_stream(file, "the document") as document:
        value = ontology.compare(store, document, chosen, terms, limit)
        out.record(value, _compared(value))
    if not value["same"]:
        raise typer.Exit(12)


@app.command(
    cls=Command,
    epilog=examples_text(
        """tcps ontology push http://localhost:7878/store
        tcps ontology push http://localhost:7878/store --graph https://example.org/shop --login @login.txt"""
    ),
)
def push(
    ctx: typer.Context,
    url: Annotated[
        str, typer.Argument(metavar="URL", help="Where the server takes graphs (Graph Store Protocol).")
    ],
    query_url: Annotated[
        str | None,
        typer.Option("--query-url", metavar="URL", help="Where it takes queries [/query beside /store]."),
    ] = None,
    update_url: Annotated[
        str | None, typer.Option("--update-url", metavar="URL", help="Where it takes updates [/update].")
    ] = None,
    graph: Annotated[
        str | None,
        typer.Option("--graph", metavar="IRI", help="The graph there; without it, the default one."),
    ] = None,
    login: Annotated[
        str | None, typer.Option("--login", metavar="NAME:PASSWORD", help="Or @FILE, or -.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="The whole graph, whatever is there.")] = False,
    timeout: Annotated[float, typer.Option("--timeout", metavar="SECONDS", min=0.1, max=86400)] = 60,
) -> None:
    """Bring a SPARQL 1.1 server to the ledger's head: the whole graph at first, then what is new.

    What is in that graph there is replaced. The server keeps up to which entry it is, so that a push that
    was cut off goes on.
    """
    from tcps.ontology.remote import server
    from tcps.service import ontology

    known = ontology.login_of(text(login, "--login"))
    there = server(url, query_url, update_url, graph, login=known, timeout=timeout)
    with opened(ctx) as (store, out):
        made = ontology.push(store, there, full)
        out.record(made, [_pushed(made)])


def _form(name: str) -> "Form":
    from tcps.ontology.documents import Form

    if name.upper() not in Form.__members__:
        raise InvalidInput(f"{name!r} is none of {', '.join(Form)}", code="usage")
    return Form(name.lower())


def _compared(value: Json) -> Iterator[str]:
    """What differs: `-` before what the document lacks, `+` before what it has beyond; the verdict last."""
    for sign, kind in (("-", "missing"), ("+", "extra")):
        yield from (f"{sign} {line}" for line in value[f"first_{kind}"])
        left = value[kind] - len(value[f"first_{kind}"])
        if left:
            yield f"{sign} … {left} more"
    of = counted(value["statements"], "statement")
    yield f"the same {of}" if value["same"] else f"{value['missing']} of {of} missing, {value['extra']} extra"


def _pushed(made: Json) -> str:
    if made["since"] == made["sequence"]:
        return f"it had all {counted(made['sequence'], 'entry')}"
    what = f"entries {made['since'] + 1} to {made['sequence']}" if made["since"] else "the whole graph"
    return (
        f"sent {what} in {counted(made['requests'], 'request')}; it has {counted(made['sequence'], 'entry')}"
    )


def _save(file: str, document: str) -> None:
    try:
        Path(file).write_bytes(document.encode())
    except OSError as error:
        raise TcpsError(f"cannot write {file}: {error.strerror}") from error


def _verdict(value: Json) -> str:
    looked_at = counted(value["records"], "record") + (
        f" changed since entry {value['since']}" if value["since"] else ""
    )
    broken = counted(len(value["breaches"]), "breach")
    return f"{looked_at}: {'all conform' if value['conforms'] else broken.replace('breachs', 'breaches')}"


def _rebuilt(made: Json) -> str:
    said = {None: "nothing was kept before", True: "what was kept was the same"}
    compared = said.get(made["same"], "what was kept was ANOTHER ONE")
    return f"{made['statements']} statements of {made['sequence']} entries; {compared}"


def _stats(rows: list[Json]) -> Iterator[Section]:
    yield Section("Classes", (), rows, _CLASSES)
