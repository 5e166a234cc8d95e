"""What is said when an object store does not do what it is asked: one line, which holds no secret."""

import contextlib
import errno
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from tcps.backup.places import PlaceError
from tcps.errors import TcpsError
from tcps.rules.addresses import Address
from tcps.user import silence

_BEFORE_HOST = re.compile(r"//[^/\s]*@")
_KEYS_HINT = "look at AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and at what they may do there"


def library(module: str) -> Any:
    """A module of `botocore`. Raises TcpsError where it is not installed."""
    try:
        return import_module(module)
    except ImportError:
        raise TcpsError(
            "backups in an object store need the extra s3", hint="pip install 'tcps[s3]'"
        ) from None


class Answers:
    """Turns what the library raises, which `errors` has the names of, into PlaceErrors."""

    def __init__(self, address: Address) -> None:
        self.errors = library("botocore.exceptions")
        self._address = address
        self._host = "the object store"

    def name_host(self, url: str) -> None:
        """Whose answers they are; of its URL only the name and the port are ever said."""
        parts = urlsplit(url)
        self._host = f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)

    @contextlib.contextmanager
    def to(self, action: str) -> Iterator[None]:
        """Raise PlaceError for what the library raises: it says that one cannot `action` the place."""
        errors = self.errors
        try:
            yield
        except errors.ClientError as error:
            raise self._refusal(action, error) from None
        except (errors.NoCredentialsError, errors.PartialCredentialsError):
            raise self.error(action, "there are no credentials for it", errno.EACCES, _KEYS_HINT) from None
        except (errors.ConnectTimeoutError, errors.ReadTimeoutError):
            why = f"{self._host} did not answer for {silence():g} s"
            hint = "TCPS_BACKUP_TIMEOUT=SECONDS waits longer"
            raise self.error(action, why, errno.ETIMEDOUT, hint) from None
        except errors.SSLError:
            why = f"{self._host} does not prove that it is who it says"
            raise self.error(action, why, errno.ECONNREFUSED, "look at AWS_CA_BUNDLE") from None
        except errors.ConnectionError:
            hint = "look at AWS_ENDPOINT_URL and the network"
            raise self.error(action, f"{self._host} cannot be reached", errno.ECONNREFUSED, hint) from None
        except (errors.HTTPClientError, errors.IncompleteReadError):
            raise self.error(action, f"{self._host} broke off", errno.ECONNRESET, "try again") from None
        except (errors.BotoCoreError, ValueError) as error:
            raise self.error(action, _shown(error), errno.EIO) from None

    def error(
        self, action: str, why: str, number: int, hint: str | None = None, answer: str | None = None
    ) -> PlaceError:
        """The error that says why something cannot be done; `number` is the nearest one of the system's."""
        details = {"place": str(self._address), "errno": number}
        return PlaceError(
            f"cannot {action} {self._address}: {why}",
            hint=hint,
            details=details if answer is None else details | {"answer": answer},
        )

    def _refusal(self, action: str, error: Any) -> PlaceError:
        """The error for an answer that says no."""
        code, status = code_of(error), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if code == "NoSuchBucket":
            why = f"{self._host} has no bucket {self._address.bucket}"
            return self.error(action, why, errno.ENOENT, "make the bucket first", code)
        if status in (401, 403):
            return self.error(action, f"{self._host} refuses it ({code})", errno.EACCES, _KEYS_HINT, code)
        return self.error(action, f"{self._host} answers {code} (HTTP {status})", errno.EIO, None, code)


def code_of(error: Any) -> str:
    """The word by which the server says what is wrong."""
    return _shown(error.response.get("Error", {}).get("Code", "an error"))


def _shown(what: object) -> str:
    """What somebody else says, on one line, without what a URL may hold before its host."""
    text = _BEFORE_HOST.sub("//", str(what))
    return "".join(one if one.isprintable() else " " for one in text)[:200]
