"""The verdict on a chain: one case for each class of finding (domain 8.2)."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tcps.canonical import genesis, record_bytes, sha256_hex
from tcps.model import HOUR_MS, STAGES, Receipt, ReceiptStatus, Stage, Timestamp, from_ms, to_ms
from tcps.rules import pipeline
from tcps.rules.chain import Chain, Expected, Verdict, judge
from tcps.store import Store
from tests.conftest import START, FixedClock
from tests.rules.line import bring, read_run, record, resolve, run, setting, sku, trigger

STORE, SKU = "store", "a"
DAY = 24 * HOUR_MS


def verdict(store: Store, sku_id: str) -> Verdict:
    with store.view() as view:
        return view.verdict(sku_id)


def classes(judged: Verdict, kind: str | None = None) -> list[str]:
    return [found.class_ for found in judged.findings if kind in (None, found.kind)]


def files(store: Store, sku_id: str) -> list[Path]:
    """The SKU's receipt files by sequence."""
    return sorted((store.folder / "records" / "skus").glob(f"*/{sku_id}/receipts/*.json"))


@pytest.fixture
def built(store: Store) -> Store:
    """A store with the SKU `a`, all ten stages passed."""
    sku(store, SKU)
    bring(store, SKU)
    return store


def test_a_chain_of_ten_passed_stages_is_intact_and_complete(built: Store) -> None:
    judged = verdict(built, SKU)
    assert (judged.intact, judged.complete, judged.findings) == (True, True, ())
    assert (judged.receipts_checked, judged.missing_stages) == (10, ())
    assert judged.head == f"sha256:{sha256_hex(files(built, SKU)[-1].read_bytes())}"


def test_a_sku_without_receipts_is_intact_and_lacks_ten_stages(store: Store) -> None:
    made = sku(store, SKU)
    judged = verdict(store, SKU)
    assert (judged.intact, judged.complete) == (True, False)
    assert [(found.class_, found.stage) for found in judged.findings] == [
        ("stage_missing", stage) for stage in STAGES
    ]
    assert (judged.missing_stages, judged.head) == (STAGES, made.head)


# integrity


def only(store: Store) -> Any:
    """The one integrity finding."""
    judged = verdict(store, SKU)
    assert not judged.intact
    assert judged.complete
    (found,) = judged.findings
    return found


def test_a_changed_receipt_is_edited_and_the_finding_says_where(built: Store) -> None:
    path = files(built, SKU)[2]
    before = path.read_bytes()
    path.write_bytes(before.replace(b'"alice"', b'"mallory"'))
    found = only(built)
    assert (found.class_, found.sequence, found.stage) == ("EDITED", 3, "test_execution")
    assert found.path == path.relative_to(built.folder).as_posix()
    assert found.receipt_id == "RCPT-3"
    assert found.expected == f"sha256:{sha256_hex(before)}"
    assert found.got == f"sha256:{sha256_hex(path.read_bytes())}"
    assert "mallory" in found.message


@pytest.mark.parametrize("bit", range(8))
def test_one_flipped_bit_is_edited(built: Store, bit: int) -> None:
    path = files(built, SKU)[4]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1 << bit
    path.write_bytes(content)
    assert only(built).class_ == "EDITED"


@pytest.mark.parametrize("keep", [0, 1, 100, -1])
def test_a_file_that_ends_early_is_truncated(built: Store, keep: int) -> None:
    path = files(built, SKU)[0]
    path.write_bytes(path.read_bytes()[:keep])
    assert only(built).class_ == "TRUNCATED"


@pytest.mark.parametrize("indent", [None, 4])
def test_the_same_in_another_form_is_noncanonical(built: Store, indent: int | None) -> None:
    path = files(built, SKU)[0]
    path.write_text(json.dumps(json.loads(path.read_bytes()), indent=indent))
    assert only(built).class_ == "NONCANONICAL"


def test_a_key_given_twice_is_noncanonical(built: Store) -> None:
    path = files(built, SKU)[0]
    path.write_bytes(path.read_bytes().replace(b"{\n", b'{\n  "actor": "mallory",\n', 1))
    assert only(built).class_ == "NONCANONICAL"


@pytest.mark.parametrize("index", [0, 4, 9])
def test_a_receipt_that_is_gone_is_missing(built: Store, index: int) -> None:
    files(built, SKU)[index].unlink()
    found = only(built)
    assert (found.class_, found.sequence) == ("MISSING", index + 1)


def test_a_whole_chain_that_is_gone_is_ten_missing(built: Store) -> None:
    for path in files(built, SKU):
        path.unlink()
    assert classes(verdict(built, SKU)) == ["MISSING"] * 10


def test_two_receipts_that_changed_places_are_reordered(built: Store) -> None:
    first, second = files(built, SKU)[:2]
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)
    judged = verdict(built, SKU)
    assert [(found.class_, found.sequence) for found in judged.findings] == [
        ("REORDERED", 1),
        ("REORDERED", 2),
    ]


def test_a_receipt_under_another_name_is_misfiled_and_missing_in_its_place(built: Store) -> None:
    path = files(built, SKU)[0]
    path.rename(path.with_name("00000042-publication.json"))
    judged = verdict(built, SKU)
    assert sorted(classes(judged)) == ["MISFILED", "MISSING"]
    assert {found.sequence for found in judged.findings} == {1}


def test_a_second_copy_of_a_receipt_is_misfiled(built: Store) -> None:
    path = files(built, SKU)[0]
    path.with_name("00000011-publication.json").write_bytes(path.read_bytes())
    assert only(built).class_ == "MISFILED"


def test_a_receipt_of_another_sku_is_misfiled(built: Store) -> None:
    sku(built, "b")
    bring(built, "b", STAGES[1])
    (other,) = files(built, "b")
    target = files(built, SKU)[0].with_name("00000011-publication.json")
    target.write_bytes(other.read_bytes())
    found = only(built)
    assert (found.class_, found.path) == ("MISFILED", target.relative_to(built.folder).as_posix())


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"not json", b'{"sku_id": 5}', b'{"sku_id": "a"}\n'])
def test_any_other_file_in_the_folder_is_extra(built: Store, content: bytes) -> None:
    files(built, SKU)[0].with_name("00000011-publication.json").write_bytes(content)
    assert only(built).class_ == "EXTRA"


def test_a_forged_receipt_that_continues_the_chain_is_extra(built: Store) -> None:
    last = built.list_receipts_by_sku(SKU)[-1]
    head = verdict(built, SKU).head
    forged = replace(last, receipt_id="RCPT-11", sequence=11, previous=head)
    path = files(built, SKU)[-1].with_name("00000011-publication.json")
    path.write_bytes(record_bytes(forged))
    assert only(built).class_ == "EXTRA"


def test_a_link_in_place_of_a_receipt_is_unreadable(built: Store, tmp_path: Path) -> None:
    path = files(built, SKU)[0]
    path.rename(tmp_path / "elsewhere.json")
    path.symlink_to(tmp_path / "elsewhere.json")
    assert only(built).class_ == "UNREADABLE"


def test_every_finding_is_listed_by_sequence(built: Store) -> None:
    paths = files(built, SKU)
    paths[7].unlink()
    paths[1].write_bytes(paths[1].read_bytes() + b"\n")
    paths[4].write_bytes(b"")
    judged = verdict(built, SKU)
    assert [(found.sequence, found.class_) for found in judged.findings] == [
        (2, "NONCANONICAL"),
        (5, "TRUNCATED"),
        (8, "MISSING"),
    ]


# chains as values: what a ledger that was forged as a whole would say


def chain_of(
    stages: Sequence[Stage] = STAGES,
    times: Sequence[int] | None = None,
    statuses: dict[int, ReceiptStatus] | None = None,
    **fields: Any,
) -> Chain:
    """A linked chain of receipts: `times` are ms after START, statuses by sequence."""
    expected: list[Expected] = []
    previous = genesis(STORE, SKU)
    for sequence, stage in enumerate(stages, start=1):
        receipt = Receipt(
            receipt_id=f"RCPT-{sequence}",
            sku_id=SKU,
            sequence=sequence,
            stage=stage,
            status=(statuses or {}).get(sequence, ReceiptStatus.PASS),
            timestamp=moment(times[sequence - 1] if times else 0),
            previous=previous,
        )
        promise = Expected.of(receipt, f"{sequence}.json", sha256_hex(record_bytes(receipt)))
        previous = f"sha256:{promise.sha256}"
        expected.append(promise)
    return as_found(expected, **fields)


def as_found(expected: Sequence[Expected], **fields: Any) -> Chain:
    found = {promise.path: promise.sha256 for promise in expected}
    return Chain(
        store_id=STORE,
        sku_id=SKU,
        expected=expected,
        found=found,
        read=lambda _: None,
        wanted=lambda _: b"",
        **fields,
    )


def moment(ms: int) -> Timestamp:
    return from_ms(to_ms(START) + ms)


def judged_at(chain: Chain, ms: int = 0) -> list[tuple[str, int | None]]:
    return [(found.class_, found.sequence) for found in judge(chain, moment(ms)).findings]


def test_a_chain_of_values_is_intact_and_complete() -> None:
    assert judged_at(chain_of()) == []


@pytest.mark.parametrize(
    "at", [Chain(**(chain_of()._asdict() | {other: "b"})) for other in ("store_id", "sku_id")]
)
def test_a_chain_of_another_store_or_sku_does_not_start_with_the_genesis(at: Chain) -> None:
    assert judged_at(at) == [("FORKED", 1)]


def test_a_receipt_taken_out_of_the_ledger_too_breaks_link_and_sequence() -> None:
    expected = list(chain_of().expected)
    del expected[3]
    found = judged_at(as_found(expected))
    assert ("MISSING", 5) in found
    assert ("FORKED", 5) in found
    assert ("stage_missing", None) in found


@pytest.mark.parametrize(("ahead", "classes_"), [(300_000, []), (300_001, [("timestamp_in_future", 10)])])
def test_a_time_more_than_five_minutes_ahead_is_in_the_future(
    ahead: int, classes_: list[tuple[str, int]]
) -> None:
    assert judged_at(chain_of(times=[0] * 9 + [ahead])) == classes_


def test_a_time_before_that_of_the_receipt_before_is_decreasing() -> None:
    chain = chain_of(times=[0, 5, 4, 5, 5, 5, 5, 5, 5, 5])
    assert judged_at(chain, 10) == [("timestamp_decreasing", 3)]


# completeness


def test_the_newest_receipt_of_a_stage_counts() -> None:
    stages = [STAGES[0], STAGES[0], *STAGES[1:]]
    fail = ReceiptStatus.FAIL
    assert judged_at(chain_of(stages, statuses={1: fail})) == []
    assert judged_at(chain_of(stages, statuses={2: fail})) == [("stage_not_passed", 2)]


def test_a_warning_is_not_passed() -> None:
    assert judged_at(chain_of(statuses={4: ReceiptStatus.WARNING})) == [("stage_not_passed", 4)]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_without_receipt_is_missing(stage: Stage) -> None:
    judged = judge(chain_of([other for other in STAGES if other is not stage]), START)
    (found,) = judged.findings
    assert (found.kind, found.class_, found.stage) == ("completeness", "stage_missing", stage)
    assert (judged.missing_stages, judged.intact) == ((stage,), True)


def test_newest_receipts_out_of_stage_order_are_an_order_violation() -> None:
    swapped = [STAGES[1], STAGES[0], *STAGES[2:]]
    assert judged_at(chain_of(swapped)) == [("order_violation", 1)]
    redone = [*STAGES, STAGES[0]]
    assert judged_at(chain_of(redone)) == [("order_violation", 2)]


@given(st.permutations(STAGES))
def test_only_the_order_of_the_domain_is_none_of_a_violation(stages: list[Stage]) -> None:
    found = judged_at(chain_of(stages))
    assert bool(found) is (tuple(stages) != STAGES)
    assert {name for name, _ in found} <= {"order_violation"}


def with_gap(ms: int, **fields: Any) -> list[tuple[str, int | None]]:
    """What is found when the third receipt comes `ms` after the second."""
    times = [0, 0, *[ms] * 8]
    return judged_at(chain_of(times=times, **fields), ms)


GAP = [("gap_too_large", 3)]


def test_a_gap_of_exactly_twenty_four_hours_passes_and_a_millisecond_more_does_not() -> None:
    assert with_gap(DAY) == []
    assert with_gap(DAY + 1) == GAP


def test_a_shorter_gap_of_the_policy_applies() -> None:
    assert with_gap(HOUR_MS // 2, max_gap_hours=0.5) == []
    assert with_gap(HOUR_MS // 2 + 1, max_gap_hours=0.5) == GAP


@pytest.mark.parametrize(
    ("spans", "covered"),
    [
        ([(0, 5)], 5),
        ([(-100, 5)], 5),
        ([(10, 20), (15, 30)], 20),
        ([(10, 30), (12, 20)], 20),
        ([(12, 20), (10, 30), (10, 30)], 20),
        ([(1, 2), (3, 4)], 2),
        ([(20, 10)], 0),
        ([(DAY - 7, DAY)], 7),
        ([(-9, 0)], 0),
    ],
)
def test_time_under_andons_does_not_count_and_overlaps_count_once(
    spans: list[tuple[int, int]], covered: int
) -> None:
    base = to_ms(START)
    andons = [(base + start, base + end) for start, end in spans]
    assert with_gap(DAY + covered, andon_spans=andons) == []
    assert with_gap(DAY + covered + 1, andon_spans=andons) == GAP


def test_an_andon_that_is_open_covers_the_time_until_now(store: Store, clock: FixedClock) -> None:
    sku(store, SKU)
    run(store, SKU, STAGES[0])
    clock.forward(hours=1)
    trigger(store, SKU)
    clock.forward(hours=40)
    record(store, SKU, STAGES[1])
    assert "gap_too_large" not in classes(verdict(store, SKU))


@pytest.mark.parametrize(("hours", "gap"), [(24, False), (25, True)])
def test_a_resolved_andon_covers_the_time_until_it_was_resolved(
    store: Store, clock: FixedClock, hours: int, gap: bool
) -> None:
    sku(store, SKU)
    run(store, SKU, STAGES[0])
    stop = trigger(store, SKU)
    clock.forward(hours=10)
    resolve(store, stop.id)
    clock.forward(hours=hours)
    record(store, SKU, STAGES[1])
    assert ("gap_too_large" in classes(verdict(store, SKU))) is gap


def test_an_andon_of_another_sku_covers_nothing(store: Store, clock: FixedClock) -> None:
    sku(store, SKU)
    run(store, SKU, STAGES[0])
    trigger(store, "b")
    clock.forward(hours=25)
    record(store, SKU, STAGES[1])
    assert classes(verdict(store, SKU)).count("gap_too_large") == 1


def test_the_gap_of_the_policy_is_that_of_the_verdict(store: Store, clock: FixedClock) -> None:
    setting(store, "max_gap_hours", 1)
    sku(store, SKU)
    run(store, SKU, STAGES[0])
    clock.forward(hours=1, ms=1)
    record(store, SKU, STAGES[1])
    assert classes(verdict(store, SKU)).count("gap_too_large") == 1


def test_integrity_and_completeness_are_independent(built: Store, clock: FixedClock) -> None:
    sku(built, "b")
    record(built, "b", STAGES[0], {})
    path = files(built, "b")[0]
    path.write_bytes(path.read_bytes()[:-1])
    judged = verdict(built, "b")
    assert classes(judged, "integrity") == ["TRUNCATED"]
    assert classes(judged, "completeness") == ["stage_missing"] * 9 + ["stage_not_passed"]
    assert (judged.intact, judged.complete) == (False, False)


def test_a_chain_is_judged_within_a_transaction_too(built: Store) -> None:
    sku(built, "b")
    with built.transaction("inside") as draft:
        pipeline.run(draft, read_run("b", STAGES[0]))
        pipeline.run(draft, read_run("b", STAGES[1]))
        judged = draft.verdict("b")
    assert (judged.intact, judged.receipts_checked) == (True, 2)
    assert verdict(built, "b").findings == judged.findings
