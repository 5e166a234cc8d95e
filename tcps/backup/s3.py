"""Requests to an object store that speaks S3, by the library `botocore` (docs/adr/0015).

Credentials, region and endpoint are where programs for S3 look for them: in the environment, or in the
files of the AWS command line. A request is tried three times (AWS_MAX_ATTEMPTS), and given up when nothing
is heard for as long as TCPS_BACKUP_TIMEOUT says, so that none waits for ever.
"""

import contextlib
import errno
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from tcps.backup.answers import Answers, code_of, library
from tcps.backup.places import PlaceError
from tcps.backup.progress import Progress, silent
from tcps.backup.scratch import Scratch
from tcps.errors import TcpsError
from tcps.rules.addresses import Address
from tcps.user import region, silence

PART = 8 * 1024 * 1024
"""How much is sent or fetched by one request."""
_PARTS = 10_000
"""An object has no more parts."""
_TRIES = 3
_TOTAL = re.compile(r"bytes [0-9]+-[0-9]+/([0-9]{1,18})", re.ASCII)
_LOST = ("NoSuchKey", "404", "NotFound")


class Piece(NamedTuple):
    """Some bytes of an object, and how many it has altogether."""

    data: bytes
    total: int


class Client:
    """What is asked of one bucket. Whatever goes wrong is a PlaceError."""

    def __init__(self, address: Address) -> None:
        self._bucket = address.bucket
        self._answers = Answers(address)
        with self._answers.to("use"):
            self._client = _connected()
        self._answers.name_host(self._client.meta.endpoint_url)

    def keys(self, prefix: str) -> Iterator[tuple[str, int]]:
        """The objects whose names begin so, but for those below a further `/`, with their sizes."""
        asked: dict[str, Any] = {"Bucket": self._bucket, "Prefix": prefix, "Delimiter": "/"}
        while True:
            with self._answers.to("list"):
                page = self._client.list_objects_v2(**asked)
                found = [(str(one["Key"]), int(one["Size"])) for one in page.get("Contents", ())]
            yield from found
            if not page.get("IsTruncated"):
                return
            asked["ContinuationToken"] = page.get("NextContinuationToken", "")

    def read(self, key: str, offset: int, length: int) -> Piece | None:
        """Bytes of an object from an offset on, fewer at its end; None when there is no such object."""
        for tried in range(1, _TRIES + 1):
            try:
                return self._read(key, offset, length)
            except PlaceError as error:  # the library does not ask again for what stops half-way
                if tried == _TRIES or error.details.get("errno") != errno.ECONNRESET:
                    raise
        raise AssertionError("the last one is returned or raised")

    def write(self, key: str, content: Scratch, progress: Progress = silent) -> None:
        """Make an object, which is there whole or not at all."""
        with self._answers.to("write to"):
            if content.size <= PART:
                self._client.put_object(Bucket=self._bucket, Key=key, Body=content.read_at(0, content.size))
            else:
                self._write_parts(key, content, progress)

    def remove(self, key: str) -> None:
        """Remove an object; none is no error."""
        with self._answers.to("remove from"):
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def give_up_parts(self, prefix: str) -> None:
        """Remove the parts of uploads that have not come to an end."""
        with self._answers.to("use"):
            found = self._client.list_multipart_uploads(Bucket=self._bucket, Prefix=prefix)
            for one in found.get("Uploads", ()):
                if str(one["Key"]).startswith(prefix):
                    self._give_up(one["Key"], one["UploadId"])

    def _read(self, key: str, offset: int, length: int) -> Piece | None:
        wanted = f"bytes={offset}-{offset + length - 1}"
        with self._answers.to("read"):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=key, Range=wanted)
            except self._answers.errors.ClientError as error:
                code = code_of(error)
                if code in _LOST:
                    return None
                if code in ("InvalidRange", "416"):
                    return Piece(b"", 0)
                raise
            with contextlib.closing(answer["Body"]) as body:
                data: bytes = body.read(length)
        stated = _TOTAL.fullmatch(answer.get("ContentRange", ""))
        if stated is None and offset:
            raise self._answers.error("read", "it gives no parts of objects", errno.ENOTSUP)
        return Piece(data, int(stated[1]) if stated else int(answer["ContentLength"]))

    def _write_parts(self, key: str, content: Scratch, progress: Progress) -> None:
        place = {"Bucket": self._bucket, "Key": key}
        upload = self._client.create_multipart_upload(**place)["UploadId"]
        try:
            parts, sent = list[dict[str, Any]](), 0
            for number, data in enumerate(_parts(content), 1):
                parts.append({"PartNumber": number, "ETag": self._sent(place, upload, number, data)})
                sent += len(data)
                progress("sending", sent, content.size)
            self._client.complete_multipart_upload(**place, UploadId=upload, MultipartUpload={"Parts": parts})
        except BaseException as error:
            if not isinstance(error, self._answers.errors.BotoCoreError):  # else it does not answer
                with contextlib.suppress(TcpsError), self._answers.to("use"):
                    self._give_up(key, upload)
            raise

    def _sent(self, place: dict[str, str], upload: str, number: int, data: bytes) -> str:
        answer = self._client.upload_part(**place, UploadId=upload, PartNumber=number, Body=data)
        return str(answer["ETag"])

    def _give_up(self, key: str, upload: str) -> None:
        self._client.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload)


def _connected() -> Any:
    config = library("botocore.config").Config(
        connect_timeout=silence(), read_timeout=silence(), retries={"mode": "standard"}
    )
    session = library("botocore.session").get_session()
    session.register_component("data_loader", _models())
    return session.create_client("s3", region_name=region(), config=config)


@cache
def _models() -> Any:
    """The library's descriptions of services, which take long to read."""
    return library("botocore.loaders").create_loader()


def _parts(content: Scratch) -> Iterator[bytes]:
    length = max(PART, -(-content.size // _PARTS))
    return (content.read_at(at, length) for at in range(0, content.size, length))
