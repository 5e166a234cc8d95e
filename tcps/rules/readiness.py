"""Readiness (domain 7): whether a SKU can be published now, and everything that stands against it."""

from typing import NamedTuple

from tcps.errors import Refused
from tcps.model import STAGES, ReceiptStatus, Sku, Stage
from tcps.rules import andon, skus
from tcps.rules.state import Production


class Readiness(NamedTuple):
    """What publish asks for, all of it and not only the first thing that is wrong.

    `failed_stages` are those whose newest receipt is not pass. `blocking_issues` says everything in
    words; without any, publish would not be refused.
    """

    missing_stages: tuple[Stage, ...]
    failed_stages: tuple[Stage, ...]
    open_andons: tuple[str, ...]
    blocking_issues: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Whether publish would not be refused."""
        return not self.blocking_issues


def readiness(state: Production, sku: Sku) -> Readiness:
    """How far the SKU is from its publication."""
    newest = {stage: state.newest_receipt(sku.id, stage) for stage in STAGES}
    held = tuple(event.id for event in andon.blocking(state, sku.id))
    issues = [
        *_statuses(state, sku),
        *([f"open Andons stop it: {', '.join(held)}"] if held else []),
        *(finding.message for finding in state.verdict(sku.id).findings),
    ]
    return Readiness(
        missing_stages=tuple(stage for stage, receipt in newest.items() if receipt is None),
        failed_stages=tuple(s for s, r in newest.items() if r and r.status is not ReceiptStatus.PASS),
        open_andons=held,
        blocking_issues=tuple(issues),
    )


def _statuses(state: Production, sku: Sku) -> list[str]:
    try:
        skus.require_completed(state, sku)
    except Refused as refusal:
        return [refusal.message]
    return []
