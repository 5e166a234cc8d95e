"""Lists of any length: written as they are read."""

import io
import json
from collections.abc import Iterator

import pytest

from tcps.config import Format
from tcps.errors import InvalidInput
from tcps.render import Output, columns, json_text
from tests.cli.conftest import Tcps

ROWS = [{"id": "WO-1", "labels": ["a", "b"], "more": {"n": 1}}, {"id": "WO-2", "labels": [], "more": {}}]


def output(form: Format, *, quiet: bool = False) -> tuple[Output, io.StringIO]:
    stream = io.StringIO()
    return Output(form, quiet=quiet, color=False, stream=stream), stream


@pytest.mark.parametrize("count", [0, 1, 2])
def test_an_array_that_is_written_row_by_row_is_the_same_as_one_that_is_written_at_once(count: int) -> None:
    out, stream = output(Format.JSON)
    out.table(iter(ROWS[:count]), columns("id"))
    assert stream.getvalue() == json_text(ROWS[:count], Format.JSON)


@pytest.mark.parametrize("form", [Format.JSON, Format.JSONL, Format.CSV])
def test_a_row_is_written_before_the_next_one_is_read(form: Format) -> None:
    out, stream = output(form)

    def rows() -> Iterator[dict[str, object]]:
        yield ROWS[0]
        yield ROWS[1]
        assert "WO-1" in stream.getvalue()
        assert not stream.getvalue().rstrip().endswith("]")

    out.table(rows(), columns("id"))
    assert "WO-2" in stream.getvalue()


@pytest.mark.parametrize("form", [Format.JSON, Format.JSONL, Format.CSV, Format.TEXT])
def test_nothing_is_written_where_the_first_row_cannot_be_had(form: Format) -> None:
    out, stream = output(form)

    def rows() -> Iterator[dict[str, object]]:
        raise InvalidInput("no such status")
        yield {}

    with pytest.raises(InvalidInput):
        out.table(rows(), columns("id"))
    assert stream.getvalue() == ""


@pytest.mark.parametrize("command", ["work-order", "sku", "receipt", "andon"])
def test_a_quiet_list_says_what_is_wrong_with_the_question(tcps: Tcps, command: str) -> None:
    assert tcps(command, "list", "--quiet") == (0, "", "")
    refused = tcps(command, "list", "--status", "bogus", "--quiet")
    assert (refused.code, refused.out) == (2, "")
    assert "bogus" in refused.err


def test_csv_without_records_has_its_head(tcps: Tcps) -> None:
    assert tcps("receipt", "list", "-o", "csv").out.startswith("revision,receipt_id,")
    assert json.loads(tcps("receipt", "list", "--json").out) == []
