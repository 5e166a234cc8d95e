"""Whatever bytes a report has, a reader gives metrics or raises the one error."""

import json
import random
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from tcps.errors import InvalidInput
from tcps.evidence.recognise import recognise
from tcps.evidence.source import Kind, Source
from tests.conftest import DEEP
from tests.evidence.reading import FOLDER, metrics

SEEDS = [path.read_bytes() for kind in Kind for path in sorted((FOLDER / kind).iterdir())]
SPLICES = [
    b"<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/hostname'>]>",
    b"<testcase>&y;",
    b"<lines>" * 200,
    b'{"components":[' * 100,
    b"[" * 2000,
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"9" * 4400,
    b'"\\ud800"',
    b"\0",
    b"\xff\xfe",
    b"end_of_record\nSF:",
    b'encoding="utf-16"',
]
EXAMPLES = settings(max_examples=5000 if DEEP else 300, deadline=None)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A report with a few bytes flipped, cut out, doubled, spliced or put in its place."""
    chance = random.Random(draw(st.integers(0, 2**64)))
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 8))):
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.choice([1, 2, 10, 200]))
        piece = bytes(data[start:end])
        other = chance.choice(SEEDS)
        data[start:end] = chance.choice(
            [
                bytes(byte ^ (1 << chance.randrange(8)) for byte in piece),
                b"",
                piece * chance.choice([2, 50]),
                chance.choice(SPLICES),
                other[chance.randrange(len(other)) :][:300],
            ]
        )
    return bytes(data[: chance.randrange(len(data) + 1)] if chance.random() < 0.2 else data)


def values(depth: int = 3) -> st.SearchStrategy[object]:
    """A JSON value, of the words that the formats give a meaning."""
    words = [
        *(
            "version",
            "runs",
            "results",
            "tool",
            "driver",
            "rules",
            "extensions",
            "ruleIndex",
            "ruleId",
            "rule",
        ),
        *("index", "level", "kind", "suppressions", "properties", "security-severity", "provenance"),
        *(
            "bomFormat",
            "specVersion",
            "components",
            "licenses",
            "license",
            "id",
            "expression",
            "name",
            "purl",
        ),
        *("spdxVersion", "packages", "@context", "@graph", "externalRefs", "to", "from", "relationshipType"),
    ]
    texts = st.sampled_from(
        [*words, "2.1.0", "CycloneDX", "1.6", "SPDX-2.3", "fail", "MIT OR (ISC", "x" * 5000]
    )
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | texts
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(words), inner, max_size=6)
        ),
        max_leaves=depth * 8,
    )


DOCUMENTS = st.sampled_from(
    [
        {"version": "2.1.0", "runs": [{"tool": {"driver": {"rules": [{"id": "a"}]}}, "results": [{}]}]},
        {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "a", "licenses": [{}]}]},
        {"spdxVersion": "SPDX-2.3", "packages": [{"name": "a", "externalRefs": [{}]}]},
        {"@context": "https://spdx.org/rdf/3.0.1/", "@graph": [{"type": "software_Package", "name": "a"}]},
    ]
)


def read_as_every_kind(data: bytes) -> None:
    assert recognise(data)
    for kind in Kind:
        with suppress(InvalidInput):
            metrics(Source("report", kind, data))


@given(st.binary(max_size=400))
@EXAMPLES
def test_arbitrary_bytes(data: bytes) -> None:
    read_as_every_kind(data)


@given(mutated())
@EXAMPLES
def test_reports_with_damage(data: bytes) -> None:
    read_as_every_kind(data)


@given(DOCUMENTS, st.data())
@EXAMPLES
def test_documents_of_other_shapes(document: dict[str, object], data: st.DataObject) -> None:
    """Any part of a document is anything."""
    changed = json.loads(json.dumps(document))
    place = changed
    for _ in range(data.draw(st.integers(0, 6))):
        inner = [value for value in (place.values() if isinstance(place, dict) else place) if value]
        inner = [value for value in inner if isinstance(value, dict | list)]
        if not inner:
            break
        place = data.draw(st.sampled_from(inner))
    extra = data.draw(values())
    if isinstance(place, list):
        place.append(extra)
    else:
        place |= extra if isinstance(extra, dict) else {data.draw(st.sampled_from(sorted(place))): extra}
    read_as_every_kind(json.dumps(changed).encode())


@given(st.sampled_from(SEEDS), st.integers(0, 20_000))
@EXAMPLES
def test_reports_that_are_cut_off(data: bytes, end: int) -> None:
    read_as_every_kind(data[:end])
