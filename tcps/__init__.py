"""tcps: production control for software, after the Toyota Production System.

The public surface is `Store` (open one, then work through its methods), the records and vocabularies
of `tcps.model`, and the error tree of `tcps.errors`. Everything else is inside.
"""

TYPE_CHECKING = False  # as type checkers know it; importing it would delay the first line of the command
if TYPE_CHECKING:
    from typing import Any

    from tcps.errors import TcpsError
    from tcps.store import Store

__version__ = "0.1.0"
__all__ = ["Store", "TcpsError", "__version__"]


def __getattr__(name: str) -> "Any":
    """Import `Store` and `TcpsError` when they are first asked for, so that the command line starts fast."""
    if name == "Store":
        from tcps.store import Store

        return Store
    if name == "TcpsError":
        from tcps.errors import TcpsError

        return TcpsError
    raise AttributeError(f"module 'tcps' has no attribute {name!r}")
