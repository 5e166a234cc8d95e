"""The commands and their options (interface 3), each with an example in its help."""

import pytest

from tests.cli.conftest import Tcps

COMMANDS = {
    "init": "",
    "work-order create": "--title --from --bucket --priority --description --label --source --sku"
    " --depends-on --idempotency-key",
    "work-order list": "--status --bucket --label --sku --sla --sort --limit --all",
    "work-order show": "",
    "work-order history": "",
    "work-order start": "",
    "work-order complete": "--sku",
    "work-order cancel": "--reason",
    "work-order update": "--title --description --priority --label --bucket --if-revision",
    "work-order delete": "--dry-run",
    "work-order depend": "--on",
    "work-order undepend": "--on",
    "work-order next": "--bucket --start --dry-run",
    "work-order reorder": "",
    "andon trigger": "--type --sku --stage --severity --message --details --work-order",
    "andon list": "--status --severity --sku --all",
    "andon show": "",
    "andon investigate": "",
    "andon resolve": "--root-cause --fix --prevention --resolver",
    "andon check": "--stage",
    "andon sweep": "--dry-run",
    "sku create": "--work-order",
    "sku list": "",
    "sku show": "",
    "sku advance": "",
    "sku publish": "",
    "sku abort": "--reason",
    "receipt add": "--sku --stage --status --metrics --evidence --artifact --duration-ms",
    "receipt list": "--sku --stage --status --work-order --limit",
    "receipt show": "",
    "receipt verify": "",
    "run": "--sku --stage --metrics --evidence --artifact --receipt-file",
    "verify-chain": "--all --complete",
    "verify": "",
    "repair": "--dry-run --salvage",
    "checkpoint": "",
    "root-cause start": "--problem",
    "root-cause add-why": "--question",
    "root-cause finalize": "--root-cause --prevention",
    "root-cause show": "",
    "root-cause list": "--andon --status --limit",
    "quality gates": "",
    "quality metrics": "--days --compare",
    "kaizen report": "--week --month",
    "kaizen waste": "--days",
    "kaizen proposals": "--status --all --dry-run",
    "kaizen show": "",
    "kaizen apply": "--changes",
    "kaizen measure": "",
    "kaizen reject": "--reason",
    "kaizen trends": "--weeks",
    "audit": "",
    "compliance": "--sku --from --to",
    "tpm run": "--daily --weekly --monthly --quarterly --force --dry-run",
    "tpm health": "",
    "backup create": "--incremental --to --no-verify",
    "backup list": "--to",
    "backup verify": "--all --to --restore-test --scratch",
    "restore": "--into --force --to-sequence --to-time --accept-rollback",
    "kanban status": "",
    "kanban set-limit": "",
    "heijunka schedule": "--capacity",
    "policy show": "",
    "policy set": "",
    "log": "--follow --since --kind --id",
    "stats": "",
    "batch": "--atomic",
}
GLOBAL = "--store --actor --format --json --quiet --no-color --wait --help"


@pytest.mark.parametrize(("command", "options"), COMMANDS.items())
def test_the_command_has_its_options_and_an_example(bare: Tcps, command: str, options: str) -> None:
    done = bare(*command.split(), "--help")
    assert (done.code, done.err) == (0, "")
    for option in (*options.split(), *GLOBAL.split()):
        assert f"{option} " in done.out or f"{option}," in done.out or f"{option}\n" in done.out, option
    assert f"\n    tcps {command}" in done.out
    assert max(map(len, done.out.splitlines())) <= 110


def test_a_group_without_a_command_shows_its_help(bare: Tcps) -> None:
    done = bare("work-order")
    assert done.code == 2
    assert "create" in done.out


@pytest.mark.parametrize(("typed", "meant"), [("work-orders", "work-order"), ("adnon", "andon")])
def test_a_mistyped_command_names_the_near_one(bare: Tcps, typed: str, meant: str) -> None:
    done = bare(typed, "list")
    assert done.code == 2
    assert f"Did you mean {meant}" in done.err


@pytest.mark.parametrize(
    "command",
    [c for c in COMMANDS if c not in ("init", "run", "backup list", "backup verify")],
)
def test_a_command_without_what_it_needs_is_a_usage_error_or_finds_no_store(bare: Tcps, command: str) -> None:
    assert bare(*command.split()).code in (2, 10)
