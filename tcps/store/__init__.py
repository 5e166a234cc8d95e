"""The store: the ledger and its projections, opened, read and changed by one protocol."""

from tcps.store import filters
from tcps.store.location import create, find
from tcps.store.store import Store
from tcps.store.view import View

__all__ = ["Store", "View", "create", "filters", "find"]
