"""Tables for long-lived programs: records in memory, coherent with every process that writes (ADR 18)."""

from tcps.store.tables.following import Tables
from tcps.store.tables.table import Table, WorkOrders

__all__ = ["Table", "Tables", "WorkOrders"]
