"""The chains of one shard: every receipt's file looked at, the verdict left to the rules."""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec.structs import replace

from tcps.model import to_ms
from tcps.projections.records import sku_folder
from tcps.rules.chain import Chain, Expected, Verdict, broken_at, judge
from tcps.verify.case import Case
from tcps.verify.newer import Newer
from tcps.verify.rows import Promise, SkuState, Span


class Sku(NamedTuple):
    """What the ledger says of a SKU: its receipts, oldest first, its Andons and itself as they are now."""

    promises: list[Promise]
    spans: dict[str, Span]
    state: SkuState | None = None


class Chains:
    """Judges one chain after the other."""

    def __init__(self, case: Case, newer: Newer) -> None:
        self._case = case
        self._newer = newer
        self._max_gap_hours = case.reading.max_gap_hours
        self.files_read = 0

    def verdict(self, sku_id: str, sku: Sku, there: Mapping[str, bool]) -> Verdict | None:
        """The verdict, if it is asked for; `there` are the files in its folder, True for plain ones."""
        case = self._case
        folder = f"{sku_folder(sku_id)}/receipts"
        promises = {f"{folder}/{p.sequence:08d}-{p.stage}.json": p for p in sku.promises}
        chain = Chain(
            store_id=case.store_id,
            sku_id=sku_id,
            expected=[_expected(folder, promise) for promise in sku.promises],
            found=self._found(promises, there),
            read=case.read,
            wanted=lambda expected: case.content(promises[expected.path], "receipt"),
            counted=self._counted(sku),
            andon_spans=[],
            max_gap_hours=self._max_gap_hours,
        )
        if not case.every_verdict and not broken_at(chain, case.now):
            return None
        now = to_ms(case.now)
        spans = [(span.start, now if span.end is None else span.end) for span in sku.spans.values()]
        return replace(judge(chain._replace(andon_spans=spans), case.now), receipts_newer=self.newer(sku))

    def _counted(self, sku: Sku) -> tuple[int, str] | None:
        """What the SKU says of its chain; beside a line that cannot be read, lines may be missing."""
        if sku.state is None or self._case.reading.unreadable:
            return None
        return sku.state.receipts, sku.state.head

    def newer(self, sku: Sku) -> int:
        """How many receipts no anchor covers."""
        return sum(promise.seq > self._case.anchored for promise in sku.promises)

    def _found(self, promises: Mapping[str, Promise], there: Mapping[str, bool]) -> dict[str, str | None]:
        """The digests of the files, those that are explained left out or as they will be."""
        found = {path: self._digest(path, plain, promises.get(path)) for path, plain in there.items()}
        for path, promise in promises.items():
            if found.get(path) != promise.sha256 and self._may_be_late(path, promise, path in there):
                found[path] = promise.sha256
        strangers = found.keys() - promises.keys()
        if strangers:
            self._newer.look()
        for path in strangers:
            if self._newer.explains(path, found[path]):
                del found[path]
        return found

    def _digest(self, path: str, plain: bool, promise: Promise | None) -> str | None:
        if plain and promise is not None and not self._case.chosen():
            return promise.sha256
        self.files_read += 1
        return self._case.sha256(path)

    def _may_be_late(self, path: str, promise: Promise, there: bool) -> bool:
        """Whether a receipt's file is not written yet, or is a remnant that a power cut left of it."""
        if promise.seq <= self._case.written:
            return False
        contents = (self._case.content(one, "receipt") for one in (promise,))
        return not there or self._case.is_left(path, contents)


def _expected(folder: str, promise: Promise) -> Expected:
    return Expected(
        path=f"{folder}/{promise.sequence:08d}-{promise.stage}.json",
        sha256=promise.sha256,
        receipt_id=promise.id,
        sequence=promise.sequence,
        stage=promise.stage,
        status=promise.status,
        timestamp=promise.timestamp,
        previous=promise.previous,
    )
