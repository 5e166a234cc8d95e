"""The pipeline of SKUs and receipts (domain 7, 8.1): everything that its callers need."""

from tcps.rules.receipts import Recorded, judge_stored, record, refuse_system_evidence, require_at
from tcps.rules.runs import RUN_FIELDS, Run, read_run
from tcps.rules.skus import SKU_FIELDS, abort, advance, create, publish, run

__all__ = [
    "RUN_FIELDS",
    "SKU_FIELDS",
    "Recorded",
    "Run",
    "abort",
    "advance",
    "create",
    "judge_stored",
    "publish",
    "read_run",
    "record",
    "refuse_system_evidence",
    "require_at",
    "run",
]
