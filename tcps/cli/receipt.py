"""`tcps receipt …`."""

from typing import Annotated, Any

import typer

from tcps.cli.base import (
    Command,
    Limit,
    OrderFilter,
    SkuFilter,
    SkuOption,
    completion,
    examples_text,
    group,
    json_value,
    opened,
    words,
)
from tcps.render import columns, described, measured

app = group("Receipts: the immutable record of each run of a stage.")
_LIST = columns("id=receipt_id", "sku=sku_id", "seq=sequence", "stage", "status", "time=timestamp", "actor")
StageOption = Annotated[
    str,
    typer.Option(
        "--stage", help="The SKU's current stage; aliases such as test work.", autocompletion=words("Stage")
    ),
]
Metrics = Annotated[
    str | None, typer.Option("--metrics", metavar="JSON", help="What was measured; - or @FILE reads it.")
]
EvidenceOption = Annotated[
    str | None, typer.Option("--evidence", metavar="JSON", help="What else shows it; - or @FILE reads it.")
]
Artifacts = Annotated[
    list[str] | None,
    typer.Option("--artifact", metavar="FILE", help="A file that came out; may be repeated."),
]
Junit = Annotated[
    list[str] | None,
    typer.Option("--junit", metavar="FILE", help="JUnit XML, read into test counts; may be repeated."),
]
Coverage = Annotated[
    list[str] | None,
    typer.Option("--coverage", metavar="FILE", help="Cobertura or LCOV, for line_coverage; may be repeated."),
]
Sarif = Annotated[
    list[str] | None,
    typer.Option("--sarif", metavar="FILE", help="SARIF 2.1, read into security findings; may be repeated."),
]
Sbom = Annotated[
    list[str] | None,
    typer.Option("--sbom", metavar="FILE", help="CycloneDX or SPDX in JSON; may be repeated."),
]


@app.command(
    cls=Command,
    epilog=examples_text(
        """tcps receipt add --sku SKU-1 --stage compile --status pass --metrics '{"compile_errors": 0}'
        tcps receipt add --sku SKU-1 --stage test --status pass --junit junit.xml --coverage coverage.xml
        tcps receipt add --sku SKU-1 --stage test --status pass --junit 'target/**/TEST-*.xml'
        tcps receipt add --sku SKU-1 --stage smoke --status fail --evidence @log.json --artifact app.whl"""
    ),
)
def add(
    ctx: typer.Context,
    sku: SkuOption,
    stage: StageOption,
    status: Annotated[str, typer.Option("--status", help="pass, fail or warning; the gate may say fail.")],
    metrics: Metrics = None,
    evidence: EvidenceOption = None,
    artifacts: Artifacts = None,
    junit: Junit = None,
    coverage: Coverage = None,
    sarif: Sarif = None,
    sbom: Sbom = None,
    duration_ms: Annotated[int, typer.Option("--duration-ms", min=0, help="How long the run took.")] = 0,
) -> None:
    """Record a run of a SKU's current stage; exits with 3 when its gate fails.

    What reports say becomes metrics; their files become artifacts.
    """
    from tcps.rules.pipeline import read_run
    from tcps.service import artifacts as files
    from tcps.service import line, reports

    paths = report_paths(junit, coverage, sarif, sbom)
    run = read_run(
        sku_id=sku,
        stage=stage,
        status=status,
        metrics=json_value(metrics, "--metrics"),
        evidence=json_value(evidence, "--evidence"),
        artifacts=[files.artifact(path) for path in artifacts or ()],
        duration_ms=duration_ms,
    )
    reports.refuse_given_tests(paths, run.evidence)
    readings = reports.read(paths)
    with opened(ctx) as (store, out):
        done = line.add_receipt(store, run, readings)
        out.record(line.recorded(store, done), summary(done))
    if done.receipt.status == "fail":
        raise typer.Exit(3)


@app.command(
    "list",
    cls=Command,
    epilog=examples_text("tcps receipt list --sku SKU-1\ntcps receipt list --status fail -o md"),
)
def list_(
    ctx: typer.Context,
    sku: SkuFilter = None,
    stage: Annotated[
        list[str] | None, typer.Option("--stage", help="Only of this stage; may be repeated.")
    ] = None,
    status: Annotated[
        list[str] | None, typer.Option("--status", help="Only of this status; may be repeated.")
    ] = None,
    work_order: OrderFilter = None,
    limit: Limit = None,
) -> None:
    """List receipts, oldest first."""
    from tcps.service import line
    from tcps.service.views import RECEIPT_FIELDS

    with opened(ctx) as (store, out):
        rows = line.list_receipts(
            store, sku=sku, stage=stage or (), status=status or (), work_order=work_order, limit=limit
        )
        out.table(rows, _LIST, "no receipts", fields=RECEIPT_FIELDS)


@app.command(cls=Command, epilog=examples_text("tcps receipt show RCPT-1 --json"))
def show(
    ctx: typer.Context,
    receipt_id: Annotated[
        str, typer.Argument(metavar="ID", help="A receipt.", autocompletion=completion("receipt"))
    ],
) -> None:
    """Show a receipt."""
    from tcps.service import line

    with opened(ctx) as (store, out):
        receipt = line.show_receipt(store, receipt_id)
        out.record(receipt, described(receipt))


@app.command(
    cls=Command,
    epilog=examples_text("tcps receipt verify RCPT-1\ntcps receipt verify 00000001-compilation.json"),
)
def verify(
    ctx: typer.Context,
    receipt: Annotated[
        str,
        typer.Argument(
            metavar="ID|FILE", help="A receipt, or a file of one.", autocompletion=completion("receipt")
        ),
    ],
) -> None:
    """Check that a receipt is the one of the ledger, byte for byte; exits with 12 when it is not."""
    from tcps.service import line

    with opened(ctx) as (store, out):
        found = line.verify_receipt(store, receipt)
        said = f"{found['receipt_id']} is as the ledger holds it ({found['sku_id']}, {found['stage']})"
        out.record(found, [said])


def report_paths(*options: list[str] | None) -> Any:
    """The files of the report options, in the order junit, coverage, sarif, sbom."""
    from tcps.evidence.source import Kind

    return {kind: files or () for kind, files in zip(Kind, options, strict=True)}


def summary(done: Any) -> list[str]:
    """What became of a run: the receipt, the rules that failed, the Andon, where the SKU is."""
    from tcps.service.views import stated

    receipt, sku = done.receipt, done.sku
    lines = [f"{receipt.id}: {receipt.stage} of {sku.id} is {receipt.status}"]
    lines += [f"  {reason}" for reason in stated(receipt)]
    for rule in done.results:
        if not rule.passed:
            wanted = f"{rule.operator} {measured(rule.expected)}"
            lines.append(f"  {rule.metric}: wanted {wanted}, got {measured(rule.actual)} ({rule.reason})")
    if done.andon is not None:
        lines.append(f"  {done.andon.id} stops the line ({done.andon.failure_type}, {done.andon.severity})")
    if done.held:
        lines.append(f"  {sku.id} stays at {sku.current_stage}: {', '.join(done.held)} must be resolved")
    if done.advanced:
        where = "completed" if sku.status != "in_production" else f"at {sku.current_stage}"
        lines.append(f"  {sku.id} is {where} now")
    return lines
