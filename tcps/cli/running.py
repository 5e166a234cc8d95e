"""`tcps run -- CMD…`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tcps.cli.base import SkuOption, json_value, opened, say, single
from tcps.cli.receipt import (
    Artifacts,
    Coverage,
    EvidenceOption,
    Junit,
    Metrics,
    Sarif,
    Sbom,
    StageOption,
    report_paths,
    summary,
)
from tcps.errors import TcpsError
from tcps.model import Stage, parse_enum


def _run(
    ctx: typer.Context,
    command: Annotated[list[str], typer.Argument(metavar="-- CMD…", help="The command and its arguments.")],
    sku: SkuOption,
    stage: StageOption,
    metrics: Metrics = None,
    evidence: EvidenceOption = None,
    artifacts: Artifacts = None,
    junit: Junit = None,
    coverage: Coverage = None,
    sarif: Sarif = None,
    sbom: Sbom = None,
    receipt_file: Annotated[
        str | None, typer.Option("--receipt-file", metavar="FILE", help="Write the receipt there, as JSON.")
    ] = None,
) -> None:
    """Run CMD as the SKU's current stage.

    CMD's output passes through untouched. Its receipt holds the exit code, the time, and digests of
    output and artifacts; the gate is judged; the SKU advances when it passes, an Andon is raised when
    it fails. Files of options are read after CMD has ended, so that CMD may write them; a report
    that it did not write makes the receipt a fail. The summary goes to stderr. Exits with CMD's own
    code, or 3 when the gate fails.
    """
    from tcps.service import running

    at: Stage = parse_enum(Stage, stage)
    reports = report_paths(junit, coverage, sarif, sbom)
    running.check_given(_inline(metrics, "--metrics"), _inline(evidence, "--evidence"), reports)
    given = running.Given(
        lambda: json_value(metrics, "--metrics"),
        lambda: json_value(evidence, "--evidence"),
        artifacts or (),
        reports,
    )
    if receipt_file is not None:
        Path(receipt_file).unlink(missing_ok=True)  # so that nobody takes an older one for this run's
    with opened(ctx) as (store, out):
        ran = running.run(store, sku, at, command, given)
        if ran.recorded is None:
            raise typer.Exit(_not_recorded(ran.error, ran.exit_code))
        if receipt_file is not None:
            _write(receipt_file, ran.recorded)
        receipt = ran.recorded.receipt
        if not out.quiet or receipt.status != "pass":
            say("\n".join(summary(ran.recorded)))
    raise typer.Exit(ran.exit_code or (3 if receipt.status == "fail" else 0))


def _not_recorded(error: Any, exit_code: int) -> int:
    """Say that the command ran and left no receipt; gives its own code, or that of the error."""
    say(f"error: no receipt was written: {error.message}")
    return exit_code or int(error.exit_code)


def _inline(value: str | None, what: str) -> Any:
    """JSON that stands on the command line itself; None for what a file or standard input will hold."""
    given = value is not None and value != "-" and (value.startswith("@@") or not value.startswith("@"))
    return json_value(value, what) if given else None


def _write(path: str, done: Any) -> None:
    from tcps.canonical import record_bytes

    try:
        Path(path).write_bytes(record_bytes(done.receipt))
    except OSError as error:
        raise TcpsError(
            f"cannot write the receipt to {path}: {error.strerror}",
            hint=f"it is in the store: tcps receipt show {done.receipt.id}",
        ) from error


run = single(
    _run,
    """tcps run --sku SKU-1 --stage compile -- make
    tcps run --sku SKU-1 --stage test --junit junit.xml --coverage coverage.xml -- ./run-tests.sh
    tcps run --sku SKU-1 --stage release --artifact dist/app.whl --receipt-file r.json -- ./release.sh""",
)
