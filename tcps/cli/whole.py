"""Commands on the whole store: init, verify-chain, verify, repair, log, stats."""

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from tcps.cli.base import (
    EXIT_CODES,
    AcceptRollback,
    AnchorFiles,
    DryRun,
    KeyTexts,
    RequireSignature,
    completion,
    context,
    opened,
    outside,
    say,
    single,
    tried,
)
from tcps.errors import InvalidInput, deciding
from tcps.model import Json
from tcps.render import columns, counted, duration

_LOG = columns("seq", "time", "actor", "id", "what")


def _init(
    ctx: typer.Context,
    directory: Annotated[
        str | None,
        typer.Argument(
            metavar="[DIR]", help="The folder that gets a .tcps; else that of --store, else this one."
        ),
    ] = None,
) -> None:
    """Create a store. A second init changes nothing and says so."""
    from pathlib import Path

    from tcps.store import Store, create

    chosen, out = context(ctx)
    given = chosen.store if directory is None else directory
    if directory is not None and chosen.store is not None and Path(directory) != Path(chosen.store):
        raise InvalidInput(
            f"init has two folders: {directory} and, as the store, {chosen.store}", code="usage"
        )
    where = Path("." if given is None else given)
    folder, made = create(where.parent if where.name == ".tcps" else where)
    with Store.open(folder, actor=chosen.actor, wait=chosen.wait) as store:
        result = {"store_id": store.store_id, "path": str(folder.absolute()), "created": made}
    done = "created a store in" if made else "there is a store already in"
    out.record(result, [f"{done} {result['path']}"])


def _verify_chain(
    ctx: typer.Context,
    skus: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SKU…]", help="Which; without any, all.", autocompletion=completion("sku")),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every SKU of the store.")] = False,
    complete: Annotated[
        bool, typer.Option("--complete", help="Also require that every stage is done; else exit 3.")
    ] = False,
    anchors: AnchorFiles = None,
    keys: KeyTexts = None,
    require_signature: RequireSignature = False,
    accept_rollback: AcceptRollback = False,
) -> None:
    """Prove the receipts of SKUs intact: every byte is read again and compared with the ledger.

    Exits with 0 when intact, 12 when broken, 13 when that cannot be decided, 4 for an unknown SKU.
    """
    from tcps.cli.progress import told
    from tcps.service import oversight

    with deciding(), opened(ctx) as (store, out):
        known = outside(ctx, anchors, keys, require_signature, accept_rollback)
        with told(context(ctx).settings) as progress:
            chosen = [] if everything else list(skus or ())
            report = oversight.verify_chains(store, chosen, known, progress=progress)
        out.record(report, _chain_lines(report))
    if report["verdict"] != "intact":
        out.failed(_chain_lines(report))
    _advise(report, anchors)
    if report["verdict"] != "intact":
        raise typer.Exit(EXIT_CODES[report["verdict"]])
    if complete and not (report["skus"] and all(sku["complete"] for sku in report["skus"])):
        raise typer.Exit(3)


def _verify(
    ctx: typer.Context,
    sample: Annotated[
        str | None,
        typer.Option(
            "--sample",
            metavar="N%",
            help="Look at the content of N % of the files only, taken at random; the ledger is read whole.",
        ),
    ] = None,
    anchors: AnchorFiles = None,
    keys: KeyTexts = None,
    require_signature: RequireSignature = False,
    accept_rollback: AcceptRollback = False,
) -> None:
    """Check the whole store: ledger, records, chains, index, graph; exits with 12 on findings.

    A clean run remembers the checkpoint that it saw, outside of the store: a store that has gone back or
    was replaced by another history is found by the next one.
    """
    from tcps.cli.progress import told
    from tcps.service import oversight

    percent = None if sample is None else _percent(sample)
    with deciding(), opened(ctx) as (store, out):
        known = outside(ctx, anchors, keys, require_signature, accept_rollback)
        with told(context(ctx).settings) as progress:
            report = oversight.verify_store(store, known, progress=progress, sample=percent)
        lines = [f"{found['class']}: {found['message']}" for found in report["findings"]]
        lines += [*_itself(report), f"{report['verdict']}: {_looked_at(report)}; {_proven(report)}"]
        out.record(report, lines)
    if report["verdict"] != "intact":
        out.failed(lines)
    _advise(report, anchors)
    if report["verdict"] != "intact":
        raise typer.Exit(EXIT_CODES[report["verdict"]])


def _advise(report: Json, anchors: list[str] | None) -> None:
    """What to do about it."""
    from tcps.service.outside import REMEMBERED

    places = {found["path"] for found in report["findings"]}
    if report["verdict"] == "undecided":
        say("hint: tcps key pin VKEY, or --key VKEY, with the key that must have signed")
    elif places and places <= {REMEMBERED, "checkpoint"} and REMEMBERED in places:
        say(
            "hint: put back a copy that goes on from what was remembered; if this one is meant, or the ledger"
            " was salvaged, tcps verify --accept-rollback remembers what is there now"
        )
    elif places and places <= {REMEMBERED, *(anchors or ())}:
        say("hint: put back a copy of the store that goes on from the anchor")
    elif places and all(place.startswith("ontology/") for place in places if place):
        say("hint: nothing but the graph is damaged: tcps ontology rebuild makes it anew")
    elif places == {"index.sqlite"} and {found["class"] for found in report["findings"]} == {"EDITED"}:
        say("hint: nothing but the index is damaged: tcps repair makes it anew")
    elif report["verdict"] == "broken":
        say("hint: tcps repair --dry-run shows what can be mended")


def _percent(text: str) -> float:
    """The percentage that `5%`, `5` or `0.5%` means."""
    try:
        percent = float(text.removesuffix("%"))
    except ValueError:
        percent = 0
    if not 0 < percent <= 100:
        raise InvalidInput(
            f"--sample takes a percentage above 0 and up to 100, not {text!r}", details={"fields": ["sample"]}
        )
    return percent


def _looked_at(report: Json) -> str:
    """What was looked at, in counts; of a sample, what was not."""
    counts = (
        counted(report["ledger"]["size"], "ledger entry"),
        counted(report["records"], "record"),
        f"{counted(report['skus'], 'chain')} with {counted(report['receipts'], 'receipt')}",
        *([counted(report["graphs"], "graph")] if report["graphs"] else ()),
        counted(len(report["findings"]), "finding"),
    )
    sample = report["sample"]
    if sample is None:
        return ", ".join(counts)
    read = f"the content of {counted(sample['files_read'], 'file')}, a sample of {sample['percent']:g} %"
    return f"{', '.join(counts)}; of the record files {read}, was read, of the others only their names"


def _repair(
    ctx: typer.Context,
    dry_run: DryRun = False,
    salvage: Annotated[
        bool,
        typer.Option("--salvage", help="Cut a damaged ledger, and take what can be read by your word."),
    ] = False,
) -> None:
    """Make the record files what the ledger says; exits with 12 when something is left.

    A file that is wrong or foreign is kept in .tcps/quarantine; a graph is forgotten, and made anew by
    who asks next. Beside a damaged ledger nothing is done: restore a backup. If there is none, --salvage
    keeps the sound beginning of the ledger, puts the rest in quarantine, and appends an entry with the
    newest state of every record that can still be read. That rests on the word of the actor, and every
    verification will say so.
    """
    from tcps.service import oversight

    with deciding(), opened(ctx) as (store, out):
        report = oversight.repair(store, outside(ctx), dry_run, salvage)
        lines = [f"{step['action']}: {step['path']} ({step['why']})" for step in report["steps"]]
        out.record(report, lines or ["there is nothing to repair"])
        if report["hint"]:
            say(f"hint: {report['hint']}")
        tried(dry_run)
    if report["verdict"] != "intact" and not dry_run:
        raise typer.Exit(12)


def _log(
    ctx: typer.Context,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as entries are committed.")] = False,
    since: Annotated[int, typer.Option("--since", min=0, help="Only after this sequence number.")] = 0,
    kind: Annotated[
        str | None, typer.Option("--kind", help="Only that changed a work_order, sku, receipt, andon …")
    ] = None,
    record_id: Annotated[str | None, typer.Option("--id", help="Only that changed this record.")] = None,
) -> None:
    """Show the ledger, oldest first: in text the story of what happened, in JSON its entries.

    With --id, it is the story of one record.
    """
    from tcps.config import Format
    from tcps.service import oversight
    from tcps.service.views import ENTRY_FIELDS

    with opened(ctx) as (store, out):
        told = out.form in (Format.TEXT, Format.MD)
        entries = oversight.log(store, since=since, kind=kind, record_id=record_id, follow=follow, tell=told)
        if told:
            _tell(out, entries, follow)
        elif not follow:
            out.table(list(entries), _LOG, fields=ENTRY_FIELDS)
        else:
            out.form = Format.JSONL if out.form is Format.JSON else out.form
            for entry in entries:
                out.table([entry], _LOG)
                out.stream.flush()


def _tell(out: Any, entries: Iterable[Json], follow: bool) -> None:
    """The story of the ledger: a row for each thing that happened; on and on, as lines."""
    if not follow:
        rows = [row for entry in entries for row in _log_rows(entry)]
        out.table(rows, _LOG, "the ledger has nothing of that")
        return
    for entry in entries:
        for row in _log_rows(entry):
            out.text(f"{row['seq']}  {row['time']}  {row['actor']}  {row['id']}  {row['what']}")
        out.stream.flush()


def _stats(ctx: typer.Context) -> None:
    """Show counts of every kind of record, and sizes."""
    from tcps.service import oversight

    with opened(ctx) as (store, out):
        report = oversight.stats(store)
        lines = [f"store {report['store_id']} in {report['path']}, {report['entries']} ledger entries"]
        for name, counts in report.items():
            if name == "line":
                where = ", ".join(f"{count} at {stage}" for stage, count in counts["by_stage"].items())
                lines.append(f"line: {counts['success_rate']} % published; {where or 'no SKU is on it'}")
            elif name == "backups":
                lines.append(_backups(counts))
            elif isinstance(counts, dict):
                total = f"{sum(counts.values())}"
                parts = ", ".join(f"{count} {word}" for word, count in counts.items())
                lines.append(f"{name.replace('_', ' ')}: {total}" + (f" ({parts})" if parts else ""))
        out.record(report, lines)


def _backups(told: Json) -> str:
    """How old the newest good backup is."""
    where = f"{counted(told['archives'], 'archive')} in {told['place']}"
    if told["problem"] is not None:
        return f"backups: {where}: {told['problem']}"
    if told["newest_good"] is None:
        return f"backups: {where}: there is no good one"
    return f"backups: {where}; the newest good one is {duration(told['age_ms'])} old, {told['newest_good']}"


def _chain_lines(report: Json) -> Iterable[str]:
    """Every finding, then for each SKU what was proven, and what was not."""
    for found in report["findings"]:
        yield f"{found['class']}: {found['message']}"
    for sku in report["skus"]:
        for found in sku["findings"]:
            if found["kind"] == "integrity":
                yield f"{sku['sku_id']}: {found['class']}: {found['message']}"
        receipts = counted(sku["receipts"], "receipt")
        yield f"{sku['sku_id']}: {sku['verdict']}, {_completeness(sku)}, {receipts}"
    yield from _itself(report)
    if report["verdict"] == "undecided":
        yield "undecided: nothing is wrong, and a key that was asked for is missing"
    elif report["verdict"] != "intact":
        yield "broken: the evidence was damaged or tampered with"
    elif report["message"]:
        yield report["message"]
    else:
        yield (
            f"intact: {counted(report['receipts'], 'receipt')}, byte for byte as in the ledger "
            f"({counted(report['ledger']['size'], 'entry')}, root {report['ledger']['root']}); "
            f"{_proven(report)}"
        )


def _proven(report: Json) -> str:
    """What is known of the ledger itself from outside of the store, and what is not."""
    anchors, signed = report["anchors"], report["signed"]
    newer = f"{counted(anchors['receipts_newer'], 'receipt')} newer than any anchor"
    parts = []
    if signed["key_id"] is not None:
        parts.append(f"signed up to entry {signed['size']} by {signed['name']} {signed['key_id']}")
    elif signed["others"]:
        parts.append(f"signed by {', '.join(signed['others'])}, whose key is not pinned")
    if anchors["newest_size"] is not None:
        parts.append(f"the same as the anchor up to entry {anchors['newest_size']}, {newer}")
    else:
        why = "no anchor holds" if anchors["given"] else "there is no anchor"
        parts.append(f"not proven: that the ledger itself is not an older or another one ({why})")
    return "; ".join(parts)


def _itself(report: Json) -> Iterable[str]:
    """What the ledger says of itself: what rests on somebody's word alone, what was given up."""
    for entry in report["salvaged"]:
        yield (
            f"SALVAGED: {counted(entry['records'], 'record')}, {counted(entry['receipts'], 'receipt')} among "
            f"them, rest on the word of {entry['actor']} alone: entry {entry['sequence']} of {entry['time']}"
        )
    for entry in report["rolled_back"]:
        yield (
            f"ROLLED BACK: to entry {entry['sequence'] - 1} by {entry['actor']}: entry {entry['sequence']} of"
            f" {entry['time']}; entries up to {entry['given_up']} were given up"
        )


def _completeness(sku: Json) -> str:
    """`complete`, or how many stages lack a passing receipt, and what else is missing."""
    if sku["complete"]:
        return "complete"
    classes = [found["class"] for found in sku["findings"] if found["kind"] == "completeness"]
    undone = classes.count("stage_missing") + classes.count("stage_not_passed")
    others = sorted(set(classes) - {"stage_missing", "stage_not_passed"})
    return f"incomplete ({', '.join([f'{10 - undone} of 10 stages passed', *others])})"


def _log_rows(entry: Json) -> Iterable[Json]:
    """What an entry did; of one that says nothing of it, the action."""
    for told in entry["told"]:
        yield entry | {"id": told["id"], "what": told["text"]}
    if not entry["told"]:
        ids = ", ".join(change["id"] for change in entry["changes"])
        yield entry | {"id": ids, "what": entry["action"]}


init = single(_init, "tcps init\ntcps init path/to/project")
verify_chain = single(
    _verify_chain,
    """tcps verify-chain SKU-1
    tcps verify-chain --all --complete
    tcps verify-chain --all --anchor ../anchors.txt --json""",
)
verify = single(
    _verify, "tcps verify\ntcps verify --json\ntcps verify --sample 5%\ntcps verify --anchor ../anchors.txt"
)
repair = single(_repair, "tcps repair --dry-run\ntcps repair\ntcps repair --salvage --dry-run")
log = single(
    _log,
    """tcps log
    tcps log --id SKU-1
    tcps log --kind andon --json
    tcps log --follow --since 120 -o jsonl""",
)
stats = single(_stats, "tcps stats\ntcps stats --json")
