"""The rules of production: pure decisions. No I/O, no clock, no randomness.

A rule reads and changes a `State`, the workspace of one transaction, which carries the moment and
the actor. It raises `Refused` (or `InvalidInput`, `NotFound`, `Conflict`) when it says no; the
transaction is then dropped whole, so nothing is ever half changed (ADR 5).
"""
