"""Addresses of object stores: what a place of backups may be beside a folder."""

import re
from typing import NamedTuple

from tcps.errors import invalid_field

_URL = re.compile("[A-Za-z][A-Za-z0-9+.-]*://")
_S3 = re.compile("s3://([A-Za-z0-9._-]{1,255})((?:/[A-Za-z0-9!_.*'()=+,-]+)*)/?", re.ASCII)


class Address(NamedTuple):
    """A bucket, and what the names of its objects begin with, which may be nothing."""

    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def key(self, name: str) -> str:
        """The name of an object."""
        return f"{self.prefix}/{name}" if self.prefix else name


def address(text: str, field: str) -> Address | None:
    """The address that a text is; None for a path.

    Raises InvalidInput for a URL that is none. It is not repeated, for it may hold a secret.
    """
    if not _URL.match(text):
        return None
    found = _S3.fullmatch(text)
    if found is None or any(part in (".", "..") for part in found[2].split("/")):
        raise invalid_field(field, "takes a folder or s3://BUCKET/PREFIX, and no other URL")
    return Address(found[1], found[2].removeprefix("/"))
