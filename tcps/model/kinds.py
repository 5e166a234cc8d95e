"""The kinds of records, and the ids that the store gives to them (domain 2)."""

from tcps.model.learning import Analysis, Improvement
from tcps.model.maintenance import TpmRun
from tcps.model.records import AndonEvent, Policy, Receipt, Record, Sku, WorkOrder

KINDS: dict[str, type[Record]] = {
    record.kind: record
    for record in (WorkOrder, Sku, Receipt, AndonEvent, Policy, Analysis, Improvement, TpmRun)
}
PREFIXES: dict[str, str] = {
    "work_order": "WO",
    "sku": "SKU",
    "receipt": "RCPT",
    "andon_event": "ANDON",
    "analysis": "RCA",
    "improvement": "KZ",
    "tpm_run": "TPM",
}
"""The prefix of the ids that the store gives, by kind; one counter each (domain 2)."""


def number_of(record_id: str, kind: str) -> int:
    """The n of a store-given id `PREFIX-n`; 0 for an id that a user chose."""
    prefix, _, digits = record_id.partition("-")
    given = prefix == PREFIXES.get(kind) and digits.isascii() and digits.isdigit()
    return int(digits) if given and len(digits) < 16 else 0
