"""The root command: its table of commands, and what becomes of errors."""

import sys
from itertools import pairwise
from typing import Annotated

import orjson
import typer
from typer._click.exceptions import NoArgsIsHelpError

from tcps import __version__
from tcps.cli.base import Entry, examples_text, lazy
from tcps.errors import TcpsError

_COMMANDS = {
    "init": Entry("tcps.cli.whole", "init", "Create a store in this folder or in DIR."),
    "work-order": Entry("tcps.cli.work_order", "app", "Work orders: create, list, start, complete …"),
    "sku": Entry("tcps.cli.sku", "app", "SKUs on the line: create, advance, publish …"),
    "run": Entry("tcps.cli.running", "run", "Run a command as a stage of a SKU; leaves a receipt."),
    "receipt": Entry("tcps.cli.receipt", "app", "Receipts: add, list, show, verify."),
    "andon": Entry("tcps.cli.andon", "app", "Stop the line, find the cause, go on."),
    "root-cause": Entry("tcps.cli.root_cause", "app", "Five whys for an Andon."),
    "quality": Entry("tcps.cli.quality", "app", "Gates of a SKU, metrics of a period."),
    "kaizen": Entry("tcps.cli.kaizen", "app", "Waste, improvements, trends, reports."),
    "tpm": Entry("tcps.cli.tpm", "app", "Maintenance on a schedule; how the system is."),
    "audit": Entry("tcps.cli.auditing", "audit", "Everything that happened to a SKU."),
    "compliance": Entry("tcps.cli.auditing", "compliance", "Whether a SKU or a period is compliant."),
    "kanban": Entry("tcps.cli.kanban", "app", "WIP against limits; set limits."),
    "heijunka": Entry("tcps.cli.heijunka", "app", "The levelled schedule of all queues."),
    "policy": Entry("tcps.cli.policy", "app", "Limits and thresholds, recorded in the ledger."),
    "batch": Entry("tcps.cli.batch", "batch", "Commands as JSON lines, one process for all."),
    "verify-chain": Entry("tcps.cli.whole", "verify_chain", "Prove SKUs' receipts intact and complete."),
    "verify": Entry("tcps.cli.whole", "verify", "Check the whole store, every byte."),
    "repair": Entry("tcps.cli.whole", "repair", "Make the record files what the ledger says."),
    "checkpoint": Entry(
        "tcps.cli.proofs", "checkpoint", "Write and print the ledger's Merkle root; sign it."
    ),
    "prove": Entry("tcps.cli.proofs", "prove", "Write the proof that a receipt is in the ledger."),
    "verify-proof": Entry("tcps.cli.proofs", "verify_proof", "Check such a proof, without the store."),
    "key": Entry("tcps.cli.proofs", "key", "Keys that sign checkpoints; keys that are pinned."),
    "backup": Entry("tcps.cli.backup", "app", "Backups: create, list, verify."),
    "restore": Entry("tcps.cli.restore", "restore", "Put a store back from a backup."),
    "query": Entry("tcps.cli.query", "query", "Ask anything of the store, in SPARQL."),
    "ontology": Entry("tcps.cli.ontology", "app", "The store as an RDF graph: rebuild, validate, export …"),
    "log": Entry("tcps.cli.whole", "log", "The ledger: who changed what, when."),
    "stats": Entry("tcps.cli.whole", "stats", "Counts and sizes."),
}
_START = """tcps: production control for software, after the Toyota Production System.

Work is pulled by a work order, built as a SKU through ten stages that each leave
a receipt, stopped by an Andon when a gate fails, and proven by verify-chain.

{where}

  tcps --help               every command
  tcps COMMAND --help       one command, with examples
"""
_NEXT = """Start here:

  tcps init                                         create a store in this folder
  tcps work-order create --title "First order"      take a demand
  tcps sku create --work-order WO-1                 put a SKU on the line
  tcps run --sku SKU-1 --stage shacl -- true        run its first stage
  tcps verify-chain SKU-1                           prove what happened"""

app = typer.Typer(
    cls=lazy(_COMMANDS),
    invoke_without_command=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog=examples_text(
        """tcps init
        tcps work-order create --title "Rotate the keys" --bucket security
        tcps work-order list --json"""
    ),
)


@app.callback()
def root(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Production control for software, after the Toyota Production System."""
    if version:
        print(f"tcps {__version__}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        print(_START.format(where=_where(ctx)), end="")


def run(arguments: list[str]) -> int:
    """Run one command line; gives its exit code. Errors become one line on stderr."""
    try:
        return typer.main.get_command(app).main(arguments, prog_name="tcps", standalone_mode=False) or 0
    except NoArgsIsHelpError as error:
        print(error.ctx.get_help())
        return 2
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except (BrokenPipeError, SystemExit):  # the second is how Typer ends when our reader has gone
        return 141
    except Exception as error:  # nothing else may reach a user
        from tcps.cli.failures import failure

        return _report(failure(error), arguments)


def _where(ctx: typer.Context) -> str:
    """What the person at the keyboard would do next here."""
    from pathlib import Path

    from tcps.config import settings
    from tcps.errors import NoStore
    from tcps.store import find

    try:
        folder = find(settings(ctx.ensure_object(dict)).store, Path.cwd())
    except NoStore:
        return _NEXT
    return (
        f"The store of this folder is {folder}. Look around:\n\n"
        "  tcps work-order list      what is asked for\n"
        "  tcps andon list           what stops the line\n"
        "  tcps work-order next      what to start next\n"
        "  tcps kanban status        how much is under way\n"
        "  tcps verify-chain --all   whether the evidence holds"
    )


def _report(error: TcpsError, arguments: list[str]) -> int:
    """Say what went wrong on stderr, as text or as JSON; gives the exit code."""
    if _wants_json(arguments):
        sys.stderr.write(orjson.dumps(error.as_json()).decode() + "\n")
        return error.exit_code
    sys.stderr.write(f"error: {one_line(error.message)}\n")
    if error.hint:
        sys.stderr.write(f"hint: {one_line(error.hint)}\n")
    return error.exit_code


def one_line(message: str) -> str:
    """A message without line breaks or other control characters."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in message.replace("\n", "; "))


def _wants_json(arguments: list[str]) -> bool:
    """Whether the command line asks for JSON, even one that could not be parsed."""
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    if "--json" in own or any(
        word in own for word in ("-ojson", "-ojsonl", "--format=json", "--format=jsonl")
    ):
        return True
    pairs = pairwise(own)
    return any(option in ("-o", "--format") and value in ("json", "jsonl") for option, value in pairs)
