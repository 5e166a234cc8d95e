"""A document is held beside the store: the same statements or not, and nothing else comes of it."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tcps.errors import InvalidInput
from tcps.ontology import reading
from tcps.ontology.documents import Form, written
from tcps.ontology.engines import vocabulary_lines
from tcps.store import Store
from tcps.store.comparing import Compared, compare
from tests.ontology.scenes import small
from tests.ontology.test_hostile import Listener

EVERY = [(engine, form) for engine in reading.READERS for form in Form]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with small(tmp_path_factory.mktemp("compared")) as store:
        yield store


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


def read(document: str | bytes, form: Form, engine: str) -> list[str]:
    content = document if isinstance(document, bytes) else document.encode()
    return list(reading.READERS[engine](io.BytesIO(content), form))


def compared(store: Store, document: str, **options: int) -> Compared:
    content = io.BytesIO(document.encode())
    return store.compare_ontology(content, Form.NTRIPLES, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("engine", "form"), EVERY)
@pytest.mark.parametrize("with_terms", [False, True])
def test_what_was_exported_is_the_same_whoever_reads_it(
    store: Store, engine: str, form: Form, with_terms: bool
) -> None:
    document = written(store.export_ontology(with_terms=with_terms), form)
    lines = read(document, form, engine)
    made = compare(store.engine, lines, with_terms=with_terms, limit=3)
    assert made == Compared(True, len(set(lines)), 0, 0, (), ())


def test_the_vocabulary_is_beyond_the_store_unless_it_is_asked_for(store: Store) -> None:
    whole = compared(store, store.export_ontology(with_terms=True))
    assert (whole.same, whole.missing, whole.extra) == (False, 0, len(vocabulary_lines()))
    bare = compared(store, store.export_ontology(), with_terms=True)
    assert (bare.same, bare.missing, bare.extra) == (False, len(vocabulary_lines()), 0)


CHANGES: dict[str, tuple[Callable[[str], str], int, int]] = {
    "the order turned": (lambda text: "".join(text.splitlines(keepends=True)[::-1]), 0, 0),
    "a statement twice": (lambda text: text + text.splitlines(keepends=True)[4], 0, 0),
    "a statement left out": (lambda text: text.partition("\n")[2], 1, 0),
    "nothing": (lambda text: "", -1, 0),
    "another name": (lambda text: text.replace('"alice"', '"mally"', 1), 1, 1),
    "a number written in another way": (lambda text: text.replace('"1"^^', '"01"^^', 1), 1, 1),
    "a statement of somebody else": (lambda text: f"{text}<a:b> <a:c> <a:d> .\n" * 2, 0, 1),
    "a blank node": (lambda text: f"{text}_:b <a:c> _:b .\n", 0, 1),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_difference_is_counted_and_shown(store: Store, name: str) -> None:
    change, missing, extra = CHANGES[name]
    text = store.export_ontology()
    document = change(text)
    made = compared(store, document)
    every = made.statements
    assert (made.missing, made.extra) == (every if missing < 0 else missing, extra)
    assert made.same == (missing == extra == 0)
    assert len(made.first_missing) == min(10, made.missing)
    assert {f"{line}\n" for line in made.first_missing} <= set(text.splitlines(keepends=True))
    assert len(made.first_extra) == extra
    shorter = compared(store, document, limit=0)
    assert shorter == made._replace(first_missing=(), first_extra=())


def test_nothing_of_a_document_is_kept(store: Store) -> None:
    def files() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in store.folder.rglob("*") if path.is_file()}

    before = files()
    assert compared(store, "<a:b> <a:c> <a:d> .\n").extra == 1
    assert files() == before


MALFORMED: dict[str, tuple[Form, str | bytes, int]] = {
    "a text without an end": (Form.NTRIPLES, '<a:b> <a:c> "x" .\n<a:b> <a:c> "y .\n', 2),
    "a name with a prefix": (Form.NTRIPLES, '<a:b> <a:c> "x" .\n\n# no\n<a:b> <a:c> d:e .\n', 4),
    "no object": (Form.NTRIPLES, "<a:b> <a:c> .\n", 1),
    "bytes that are no UTF-8": (Form.NTRIPLES, b'<a:b> <a:c> "x" .\n<a:b> <a:c> "\xff" .\n', 2),
    "a prefix that is not known": (Form.TURTLE, '<a:b> <a:c> "x" .\n<a:b> d:e "y" .\n', 2),
    "a new line in a text": (Form.TURTLE, '\n\n<a:b> <a:c> "x\n" .\n', 3),
    "no UTF-8 in Turtle": (Form.TURTLE, b'<a:b> <a:c> "x\xff" .\n', 1),
    "a comma too many": (Form.JSONLD, '{"@id": "a:b",\n "a:c": 1,\n}', 3),
    "no JSON at all": (Form.JSONLD, "\nnothing", 2),
    "no UTF-8 in JSON": (Form.JSONLD, b'{"@id": "a:b",\n"a:c": "\xff"}', 2),
}


@pytest.mark.parametrize("engine", reading.READERS)
@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_malformed_is_told_in_a_line_with_its_number(engine: str, name: str) -> None:
    form, document, line = MALFORMED[name]
    with pytest.raises(InvalidInput) as caught:
        read(document, form, engine)
    assert (caught.value.code, caught.value.details["line"]) == ("invalid_document", line)
    assert caught.value.message.startswith(f"line {line}")
    assert "\n" not in caught.value.message


REFUSED: dict[str, tuple[Form, str]] = {
    "a context": (Form.JSONLD, '{"@context": "URL", "a:b": 1}'),
    "one of several contexts": (Form.JSONLD, '{"@context": [{"a": "b:"}, "URL"], "a:b": 1}'),
    "an import": (Form.JSONLD, '{"@context": {"@version": 1.1, "@import": "URL"}, "a:b": 1}'),
    "a context of an inner node": (Form.JSONLD, '{"@id": "a:b", "a:c": {"@context": "URL", "a:d": 1}}'),
    "a context of a name": (
        Form.JSONLD,
        '{"@context": {"@version": 1.1, "n": {"@id": "a:n", "@context": "URL"}}, "n": {"a:d": 1}}',
    ),
    "a file": (Form.JSONLD, '{"@context": "file:///etc/hostname", "a:b": 1}'),
    "named graphs": (Form.JSONLD, '{"@id": "a:g", "@graph": [{"@id": "a:b", "a:c": 1}]}'),
    "a relative IRI": (Form.TURTLE, "<here> <a:c> <a:d> ."),
    "a relative IRI after a number sign": (Form.TURTLE, "<a:b> <a:c> <#d> ."),
    "a relative IRI in N-Triples": (Form.NTRIPLES, "<here> <a:c> <a:d> .\n"),
    "deep nesting": (Form.JSONLD, '{"a:b": ' * 100_000),
    "deep nesting in Turtle": (Form.TURTLE, f"<a:b> <a:c> {'[ <a:c> ' * 100_000}"),
}


@pytest.mark.parametrize("engine", reading.READERS)
@pytest.mark.parametrize("name", REFUSED)
def test_nothing_is_fetched_or_resolved(engine: str, name: str, listener: Listener) -> None:
    form, document = REFUSED[name]
    with pytest.raises(InvalidInput) as caught:
        read(document.replace("URL", listener.url), form, engine)
    assert caught.value.code == "invalid_document"
    assert "tcps-no-base" not in caught.value.message
    assert listener.calls() == 0


@pytest.mark.parametrize("engine", reading.READERS)
def test_of_a_relative_name_json_ld_states_nothing(engine: str) -> None:
    with_base = '{"@context": {"@base": "https://example.org/"}, "@id": "b", "a:c": {"@id": "d"}}'
    assert read(with_base, Form.JSONLD, engine) == ["<https://example.org/b> <a:c> <https://example.org/d> ."]
    assert read('{"@id": "b", "a:c": 1}', Form.JSONLD, engine) == []


@pytest.mark.parametrize("engine", reading.READERS)
def test_literals_are_taken_as_they_are_written(engine: str) -> None:
    xsd = "http://www.w3.org/2001/XMLSchema#"
    values = (
        f'"01"^^<{xsd}integer>',
        "0.50",
        "true",
        '"x"@EN',
        f'"y"^^<{xsd}string>',
        '"\\u00e9\\n"',
        f'"2026-01-01T00:00:00.123456789Z"^^<{xsd}dateTime>',
    )
    document = f"<a:b> <a:c> {', '.join(values)} ."
    assert set(read(document, Form.TURTLE, engine)) == {
        f'<a:b> <a:c> "01"^^<{xsd}integer> .',
        f'<a:b> <a:c> "0.50"^^<{xsd}decimal> .',
        f'<a:b> <a:c> "true"^^<{xsd}boolean> .',
        '<a:b> <a:c> "x"@en .',
        '<a:b> <a:c> "y" .',
        '<a:b> <a:c> "é\\n" .',
        f'<a:b> <a:c> "2026-01-01T00:00:00.123456789Z"^^<{xsd}dateTime> .',
    }


def test_the_name_of_a_document_says_its_form() -> None:
    assert [reading.form_of(name) for name in ("a.ttl", "B.NT", "c.d.jsonld", "x/e.json")] == [
        Form.TURTLE,
        Form.NTRIPLES,
        Form.JSONLD,
        Form.JSONLD,
    ]
    for name in ("-", "a", "a.rdf", str(Path("a.nt") / "b")):
        with pytest.raises(InvalidInput) as caught:
            reading.form_of(name)
        assert caught.value.code == "usage"
