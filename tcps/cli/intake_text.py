"""What became of signals, in words and in every format."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from tcps.cli.base import say
from tcps.config import Format
from tcps.model import Json
from tcps.render import cell, columns, counted
from tcps.service.intake import Result
from tcps.service.views import WORK_ORDER_FIELDS

_COLUMNS = columns("outcome", "id=work_order_id", "bucket", "pri=priority", "status", "title", "place", "why")
_FIELDS = ("outcome", *WORK_ORDER_FIELDS, "andon_id", "place", "reason", "error")
_AT_ONCE = (Format.TEXT, Format.JSONL)
"""Formats in which each result is written by itself, so that none has to be kept."""


def derived(out: Any) -> bool:
    """Whether this output shows what is derived from other records."""
    return not out.quiet and out.form is not Format.TEXT


def one(out: Any, result: Result) -> None:
    """What became of one demand."""
    _written(out, result)
    if result.outcome == "duplicate" and result.order is not None and not out.quiet:
        say(f"note: there already, nothing changed: {result.order['work_order_id']}")


def said(out: Any, several: bool, results: Iterable[Result]) -> None:
    """What became of each signal; of several also how many there were of each outcome."""
    if not several:
        for result in results:
            one(out, result)
        return
    outcomes = Counter[str]()
    told = _told(outcomes, results)
    if out.form in _AT_ONCE:
        for result in told:
            _written(out, result)
    else:
        out.table([_row(result, out.form) for result in told], _COLUMNS)
    if _to_people(out):
        counts = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())
        say(f"{counted(outcomes.total(), 'signal')}: {counts}")


def _written(out: Any, result: Result) -> None:
    """A result on stdout; in text, what was left out is a note on stderr."""
    if result.error is None or out.form is not Format.TEXT:
        out.record(result.as_json(), [_line(result)])
    elif _to_people(out):
        say(f"left out: {result.error.message}")


def _to_people(out: Any) -> bool:
    return out.form is Format.TEXT and not out.quiet


def _told(outcomes: Counter[str], results: Iterable[Result]) -> Iterator[Result]:
    for result in results:
        outcomes[result.outcome] += 1
        yield result


def _row(result: Result, form: Format) -> Json:
    value = result.as_json()
    if form is Format.CSV:
        return dict.fromkeys(_FIELDS) | value
    if form is Format.MD:
        value["why"] = result.reason if result.error is None else result.error.message
    return value


def _line(result: Result) -> str:
    """One line: the order and what became of the demand, or why it made none."""
    order = result.order
    if order is None:
        return f"{result.place or 'the pull signal'} is ignored: {result.reason}"
    done = "created" if result.outcome == "created" else "is there already"
    due = f", due {order['sla_deadline']}" if order["sla_deadline"] else ""
    where = f"{order['bucket']}, priority {order['priority']}, {order['status']}{due}"
    stopped = f"; {result.andon_id} stops the line for it" if result.andon_id else ""
    title = cell(order["title"]).replace("\n", " ")
    return f"{order['work_order_id']} {done}: {title} ({where}){stopped}"
