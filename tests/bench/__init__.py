"""Benchmarks: `python -m tests.bench`. They measure and report; they assert nothing about seconds."""
