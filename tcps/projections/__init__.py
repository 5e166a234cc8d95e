"""Folds of the ledger: each knows the sequence number up to which it is current, and can be rebuilt."""
