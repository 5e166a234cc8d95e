"""The ledger: one line for each committed transaction, append only, in segments (format 4).

Everything else is a fold of these lines. A `Head` says up to where somebody has read.
"""

from tcps.ledger.lines import ROLLBACK, SALVAGE, Change, Entry, Head, Line, parse_line, read_entry
from tcps.ledger.segments import LINE_BYTES, MAY_BE_THERE, SEGMENT_BYTES, Appended, Ledger, damaged

__all__ = [
    "LINE_BYTES",
    "MAY_BE_THERE",
    "ROLLBACK",
    "SALVAGE",
    "SEGMENT_BYTES",
    "Appended",
    "Change",
    "Entry",
    "Head",
    "Ledger",
    "Line",
    "damaged",
    "parse_line",
    "read_entry",
]
