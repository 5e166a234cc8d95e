"""The store: the ledger and its projections, opened, read and changed by one protocol."""

from tcps.store.location import create, find
from tcps.store.store import Store
from tcps.store.view import Filter, View

__all__ = ["Filter", "Store", "View", "create", "find"]
