"""The diagnostic run over all gates of a SKU (domain 9): its newest receipts, judged by the policy of now."""

from typing import NamedTuple

from tcps.model import STAGES, Receipt, ReceiptStatus, Sku, Stage
from tcps.rules import gates, receipts
from tcps.rules.state import Production


class Diagnosed(NamedTuple):
    """A stage's newest receipt, if there is one, and every rule of its gate as it is met now."""

    stage: Stage
    receipt: Receipt | None
    rules: list[gates.RuleResult]

    @property
    def result(self) -> str:
        """pass, fail or not_run, by the gate's rules alone."""
        if self.receipt is None:
            return "not_run"
        return "fail" if gates.violations(self.rules) else "pass"

    @property
    def satisfied(self) -> bool:
        """Whether the receipt is pass and meets the gate now: a warning satisfies nothing (domain 8.1)."""
        return (
            self.receipt is not None
            and self.receipt.status is ReceiptStatus.PASS
            and not gates.violations(self.rules)
        )


def diagnose(state: Production, sku: Sku) -> list[Diagnosed]:
    """Every stage, in order."""
    return [_diagnosed(state, sku, stage) for stage in STAGES]


def _diagnosed(state: Production, sku: Sku, stage: Stage) -> Diagnosed:
    receipt = state.newest_receipt(sku.id, stage)
    return Diagnosed(stage, receipt, [] if receipt is None else receipts.judge_stored(state, sku, receipt))
