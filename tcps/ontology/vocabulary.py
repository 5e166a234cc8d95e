"""The vocabulary file, and what else the program knows of it."""

from pathlib import Path

VERSION = "1.0.0"
"""Of the vocabulary; `owl:versionInfo` in the file."""


def source() -> bytes:
    """vocabulary.ttl."""
    return Path(__file__).with_name("vocabulary.ttl").read_bytes()
