"""The vocabulary file, and what else the program knows of it."""

from importlib.resources import files

VERSION = "1.0.0"
"""Of the vocabulary; `owl:versionInfo` in the file."""


def source() -> bytes:
    """vocabulary.ttl."""
    return files("tcps.ontology").joinpath("vocabulary.ttl").read_bytes()
