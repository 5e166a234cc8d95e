"""Taking signals (domain 4, idempotency and last rule; interface 3, `work-order create --from`)."""

import io
import json
from typing import Any

import pytest

from tcps.errors import InvalidInput, Refused, TcpsError
from tcps.model import AndonEvent
from tcps.service import intake, orders
from tcps.service.intake import Options, Result
from tcps.store import Store
from tcps.store.filters import Filter
from tests.rules.line import unchanged
from tests.signals.payloads import ISSUE_URL, cve5, issue, osv, plain, real_ones, refund


def lines(*payloads: Any) -> io.BytesIO:
    """JSON lines; a text is taken as it is."""
    texts = (payload if isinstance(payload, str) else json.dumps(payload) for payload in payloads)
    return io.BytesIO("\n".join(texts).encode())


def take(store: Store, *payloads: Any, **options: Any) -> list[Result]:
    """What becomes of payloads that come together."""
    return list(intake.take(store, lines(*payloads), Options(**options))[1])


def outcomes(results: list[Result]) -> list[str]:
    return [result.outcome for result in results]


def andons(store: Store) -> list[AndonEvent]:
    with store.view() as view:
        return list(view.andon_events(Filter(), None))


def entries(store: Store) -> int:
    with store.view() as view:
        return int(view.loader.index.position().head.seq)


def test_one_payload_of_each_source_makes_an_order_each_in_one_transaction(store: Store) -> None:
    results = take(store, *(payload for payload in real_ones() if "cveMetadata" not in payload))
    assert outcomes(results) == ["created"] * 5
    assert [result.order["work_order_id"] for result in results if result.order] == [
        f"WO-{n}" for n in range(1, 6)
    ]
    assert entries(store) == 1
    assert [order.pull_signal.type for order in store.list_work_orders()] == [
        *("github_issue", "github_pr", "cve", "marketplace_refund", "internal_request")
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (issue(), issue("labeled", title="Another", html_url=f"{ISSUE_URL}/?a=1#top")),
        (issue(), {"type": "github_issue", "source": ISSUE_URL.replace("https", "HTTPS")}),
        (osv(), cve5()),
        (cve5(), osv()),
        (osv(), osv(id="PYSEC-1", aliases=["GHSA-aaaa-bbbb-cccc"])),
        (osv(), osv(id="CVE-2026-1234", aliases=[])),
        (osv(), {"type": "cve", "source": "GHSA-aaaa-bbbb-cccc"}),
        (refund(), refund(title="Again")),
        (refund(), {"type": "marketplace_refund", "source": "marketplace:refund:evt-1"}),
        (plain(source="ticket 5"), plain(source="ticket 5", title="Other")),
    ],
)
def test_a_source_makes_one_order_by_any_of_its_keys_within_a_file_and_after(
    store: Store, first: Any, second: Any
) -> None:
    assert outcomes(take(store, first, second)) == ["created", "duplicate"]
    with unchanged(store):
        again = take(store, second, first)
    assert outcomes(again) == ["duplicate", "duplicate"]
    assert {result.order["work_order_id"] for result in again if result.order} == {"WO-1"}


def test_a_refund_and_an_installation_of_one_id_are_two_sources(store: Store) -> None:
    assert outcomes(take(store, refund(), refund(type="install"))) == ["created", "created"]


def test_internal_requests_without_a_source_are_never_duplicates(store: Store) -> None:
    assert outcomes(take(store, plain(), plain())) == ["created", "created"]


def test_what_asks_for_nothing_makes_no_order_and_says_why(store: Store) -> None:
    with unchanged(store):
        (result,) = take(store, issue("closed"))
    assert (result.outcome, result.order, result.place) == ("ignored", None, "")
    assert result.as_json() == {
        "outcome": "ignored",
        "place": None,
        "reason": "the action closed of an issue asks for nothing",
    }


@pytest.mark.parametrize("specific", [{"severity": "CRITICAL"}, {}])
def test_a_critical_or_unknown_advisory_stops_the_line_in_the_same_transaction(
    store: Store, specific: Any
) -> None:
    (result,) = take(store, osv(database_specific=specific, severity=..., aliases=["RHSA-2022:0216/é"]))
    (andon,) = andons(store)
    assert entries(store) == 1
    assert result.andon_id == andon.id == "ANDON-1"
    assert result.as_json()["andon_id"] == "ANDON-1"
    assert (andon.failure_type, andon.severity, andon.stage) == (
        *("security_vulnerability", "critical", "security_scan"),
    )
    assert (andon.sku_id, andon.work_order_id) == ("GHSA-aaaa-bbbb-cccc", "WO-1")


def test_the_andon_is_about_the_canonical_id_made_an_id(store: Store) -> None:
    take(store, osv(id="RHSA-2022:0216", aliases=[], severity=..., database_specific=...))
    assert andons(store)[0].sku_id == "RHSA-2022-0216"
    take(store, osv(id="GHSA-1", aliases=["CVE-2026-7"], severity=..., database_specific=...))
    assert andons(store)[1].sku_id == "CVE-2026-7"


def test_a_duplicate_and_a_less_severe_advisory_stop_nothing(store: Store) -> None:
    assert outcomes(take(store, osv(), osv(database_specific={"severity": "CRITICAL"}))) == [
        "created",
        "duplicate",
    ]
    assert andons(store) == []


WRONG = {
    "a signal that is none": ('{"type": "e-mail"}', "invalid_signal", InvalidInput),
    "a line that is no JSON": ('{"type": ', "invalid_field", InvalidInput),
    "a withdrawn advisory": (osv(withdrawn="2026-01-01T00:00:00Z"), "advisory_withdrawn", Refused),
    "a record over its limit": (plain(metadata={"a": "x" * 1_100_000}), "too_large", InvalidInput),
    "an id that no Andon can be about": (
        osv(id="-1", aliases=[], database_specific={}),
        "invalid_id",
        InvalidInput,
    ),
}


@pytest.mark.parametrize(("wrong", "code", "kind"), WRONG.values(), ids=WRONG)
def test_one_wrong_signal_is_named_and_leaves_nothing(
    store: Store, wrong: Any, code: str, kind: type[TcpsError]
) -> None:
    if code == "invalid_id":
        wrong = {**wrong, "severity": []}
    with unchanged(store), pytest.raises(kind) as caught:
        take(store, plain(), issue("closed"), wrong, plain())
    assert caught.value.code == code
    assert caught.value.details["place"] == "line 3"
    assert caught.value.message.startswith("line 3")


@pytest.mark.parametrize(("wrong", "code", "kind"), WRONG.values(), ids=WRONG)
def test_wrong_ones_can_be_skipped(store: Store, wrong: Any, code: str, kind: type[TcpsError]) -> None:
    if code == "invalid_id":
        wrong = {**wrong, "severity": []}
    results = take(store, plain(), issue("closed"), wrong, plain(), skip_invalid=True)
    assert outcomes(results) == ["created", "ignored", "invalid", "created"]
    said = results[2].as_json()
    assert (said["place"], said["error"]["code"]) == ("line 3", code)
    assert [order.id for order in store.list_work_orders()] == ["WO-1", "WO-2"]
    assert andons(store) == []
    assert entries(store) == 1


def test_the_items_of_an_array_are_named_by_their_number(store: Store) -> None:
    array = io.BytesIO(json.dumps([plain(), {"type": "e-mail"}]).encode())
    with pytest.raises(InvalidInput) as caught:
        list(intake.take(store, array, Options())[1])
    assert caught.value.details["place"] == "signal 2"


def test_a_signal_by_itself_has_no_place(store: Store) -> None:
    with pytest.raises(InvalidInput) as caught:
        take(store, {"type": "e-mail", "source": "x"})
    assert "place" not in caught.value.details


@pytest.mark.parametrize("text", ["", " \n ", "[]"])
def test_no_signal_at_all_is_refused(store: Store, text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        take(store, text)
    assert caught.value.code == "missing_required_field"


def test_a_dry_run_sees_duplicates_and_changes_nothing(store: Store) -> None:
    with unchanged(store):
        assert outcomes(take(store, issue(), issue(), dry_run=True)) == ["created", "duplicate"]
        assert outcomes(take(store, issue(), plain(), issue(), dry_run=True, chunk=2)) == [
            *("created", "created", "duplicate"),
        ]


def test_a_dry_run_is_refused_where_the_real_one_would_be(store: Store) -> None:
    with unchanged(store), pytest.raises(InvalidInput):
        take(store, plain(), {"type": "e-mail", "source": "x"}, dry_run=True)


def test_chunks_are_a_transaction_each(store: Store) -> None:
    results = take(store, *(plain(source=f"s{n}") for n in range(5)), plain(source="s0"), chunk=2)
    assert outcomes(results) == [*["created"] * 5, "duplicate"]
    assert entries(store) == 3


def test_an_error_in_a_chunk_says_how_many_were_taken_before_and_a_repetition_goes_on(store: Store) -> None:
    good = [plain(source=f"s{n}") for n in range(5)]
    results = intake.take(store, lines(*good, {"type": "e-mail"}), Options(chunk=2))[1]
    taken = [next(results) for _ in range(4)]
    with pytest.raises(InvalidInput) as caught:
        next(results)
    assert outcomes(taken) == ["created"] * 4
    assert (caught.value.details["place"], caught.value.details["taken"]) == ("line 6", 4)
    assert len(store.list_work_orders()) == 4
    assert outcomes(take(store, *good, plain(source="s5"), chunk=2)) == [
        *["duplicate"] * 4,
        *["created"] * 2,
    ]


def test_a_key_and_chunks_exclude_each_other(store: Store) -> None:
    with pytest.raises(InvalidInput) as caught:
        take(store, plain(), key="k", chunk=1)
    assert caught.value.code == "usage"


def test_a_known_key_gives_what_it_made(store: Store) -> None:
    take(store, plain(), issue(), key="delivery-1")
    with unchanged(store):
        again = take(store, plain(), issue(), key="delivery-1")
    assert [(result.outcome, (result.order or {})["work_order_id"]) for result in again] == [
        ("duplicate", "WO-1"),
        ("duplicate", "WO-2"),
    ]


def test_what_cannot_be_one_transaction_is_refused_and_says_how_it_can_be_taken(store: Store) -> None:
    signals = [plain(source=f"s{n}", metadata={"a": "y" * 1_000_000}) for n in range(70)]
    with unchanged(store), pytest.raises(InvalidInput) as caught:
        take(store, *signals)
    assert caught.value.code == "too_large"
    assert caught.value.message.startswith("68 signals are more than the 67108864 bytes")
    assert "--chunk" in str(caught.value.hint)


class Repeated(io.BytesIO):
    """One long line again and again."""

    def __init__(self, line: bytes, times: int) -> None:
        super().__init__(line[:1])
        self.left = [line[1:], *[line] * (times - 1)]

    def readline(self, size: int | None = -1, /) -> bytes:
        return self.left.pop(0) if self.left else b""


def test_more_than_256_mib_of_signals_are_taken_in_chunks_only(store: Store) -> None:
    line = json.dumps(issue("closed")).encode() + b" " * 30_000_000 + b"\n"
    with unchanged(store), pytest.raises(InvalidInput) as caught:
        list(intake.take(store, Repeated(line, 9), Options())[1])
    assert (caught.value.code, caught.value.details["limit"]) == ("too_large", 256 * 1024 * 1024)
    assert outcomes(list(intake.take(store, Repeated(line, 9), Options(chunk=2))[1])) == ["ignored"] * 9


def test_nobody_waits_for_the_input_with_the_lock_in_hand(store: Store) -> None:
    class Slow(io.BytesIO):
        """A producer who writes to the same store between two lines."""

        def readline(self, size: int | None = -1, /) -> bytes:
            with store.transaction("elsewhere"):
                return super().readline(size)

    stream = Slow(lines(plain(), plain(), plain()).getvalue())
    assert outcomes(list(intake.take(store, stream, Options(chunk=1))[1])) == ["created"] * 3


def test_progress_is_told_of_reading_and_of_taking(store: Store) -> None:
    heard: list[tuple[str, int]] = []
    take(store, plain(), plain(), plain(), chunk=2, progress=lambda what, count: heard.append((what, count)))
    assert heard == [("read", 1), ("read", 2), ("taken", 1), ("taken", 2), ("read", 3), ("taken", 3)]


def test_an_order_is_given_with_what_is_derived_from_others_or_without(store: Store) -> None:
    whole, bare = (take(store, plain(), derived=derived)[0].order or {} for derived in (True, False))
    assert whole["sla_status"] == "on_time"
    assert "sla_status" not in bare
    assert orders.show(store, "WO-1").keys() >= whole.keys()
