"""Answers to queries, and their standard forms: SPARQL results in JSON, XML, CSV and TSV."""

import contextlib
import io
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from tcps.canonical import line_bytes
from tcps.model import Json
from tcps.ontology.terms import NAMESPACE, PREFIXES, text

XSD = PREFIXES["xsd"]
_PLAIN = {
    f"{XSD}integer": re.compile(r"[+-]?[0-9]+"),
    f"{XSD}decimal": re.compile(r"[+-]?[0-9]*\.[0-9]+"),
    f"{XSD}double": re.compile(r"[+-]?([0-9]+\.?|[0-9]*\.[0-9]+)[0-9]*[eE][+-]?[0-9]+"),
}
"""Literals that TSV writes as they are: in these forms they are of that type without a word."""
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"})


class Answer(NamedTuple):
    """What a query gives: `rows` of a SELECT, the `truth` of an ASK, or a `graph` as N-Triples.

    A row has a value for each variable that is bound: its SPARQL JSON form, `type` (`uri`, `literal` or
    `bnode`), `value`, and of a literal `datatype` or `xml:lang` where it is not a plain text.
    """

    variables: tuple[str, ...] = ()
    rows: tuple[Json, ...] = ()
    truth: bool | None = None
    graph: str | None = None

    def values(self) -> list[dict[str, Any]]:
        """The rows with values for people: numbers and truth values as such, our own terms by their names."""
        return [{name: shown(row.get(name)) for name in self.variables} for row in self.rows]


def read(kind: str, content: bytes) -> Answer:
    """The answer that an engine has written."""
    from tcps.canonical import parse

    if kind == "graph":
        lines = sorted(set(content.decode().split("\n")) - {""})
        return Answer(graph="".join(f"{line}\n" for line in lines))
    told = parse(content)
    if kind == "truth":
        return Answer(truth=told["boolean"] if "boolean" in told else _of_virtuoso(told))
    rows = tuple({name: _plain(one) for name, one in row.items()} for row in told["results"]["bindings"])
    return Answer(tuple(told["head"].get("vars", ())), rows)


def shown(term: Json | None) -> Any:
    """A term for a person; None where it is not bound."""
    if term is None:
        return None
    value, datatype = term["value"], term.get("datatype", "")
    if term["type"] == "uri":
        return value.removeprefix(NAMESPACE)
    if datatype == f"{XSD}boolean":
        return value in ("true", "1")
    if datatype in _PLAIN:
        with contextlib.suppress(ValueError):  # a text of a type that it is none of
            return int(value) if datatype == f"{XSD}integer" else float(value)
    return value


def json(answer: Answer) -> str:
    """SPARQL 1.1 Query Results JSON."""
    if answer.truth is not None:
        return line_bytes({"head": {}, "boolean": answer.truth}).decode() + "\n"
    value = {"head": {"vars": answer.variables}, "results": {"bindings": answer.rows}}
    return line_bytes(value).decode() + "\n"


def xml(answer: Answer) -> str:
    """SPARQL Query Results XML. Characters that XML has no place for become U+FFFD."""
    names = "".join(f'<variable name="{name}"/>' for name in answer.variables)
    head = (
        f'<?xml version="1.0"?>\n<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head>{names}</head>'
    )
    if answer.truth is not None:
        return f"{head}<boolean>{'true' if answer.truth else 'false'}</boolean></sparql>\n"
    results = "".join(f"<result>{''.join(_bindings(answer, row))}</result>\n" for row in answer.rows)
    return f"{head}<results>\n{results}</results></sparql>\n"


def csv(answer: Answer) -> str:
    """SPARQL 1.1 Query Results CSV: the values alone."""
    import csv as writer

    out = io.StringIO()
    rows = writer.writer(out, lineterminator="\r\n")
    if answer.truth is not None:
        rows.writerow([str(answer.truth).lower()])
        return out.getvalue()
    rows.writerow(answer.variables)
    for row in answer.rows:
        rows.writerow([_csv(row.get(name)) for name in answer.variables])
    return out.getvalue()


def tsv(answer: Answer) -> str:
    """SPARQL 1.1 Query Results TSV: terms as in a query."""
    if answer.truth is not None:
        return f"{str(answer.truth).lower()}\n"
    lines = ["\t".join(f"?{name}" for name in answer.variables)]
    lines += ["\t".join(_tsv(row.get(name)) for name in answer.variables) for row in answer.rows]
    return "".join(f"{line}\n" for line in lines)


def _of_virtuoso(told: Json) -> bool:
    """The truth as Virtuoso 7 gives it: a row or none."""
    return bool(told["results"]["bindings"])


def _plain(term: Json) -> Json:
    """A term without the datatype that every text has; `typed-literal` is what older servers say."""
    if term["type"] == "typed-literal":
        term = term | {"type": "literal"}
    if term.get("datatype") == f"{XSD}string":
        return {name: value for name, value in term.items() if name != "datatype"}
    return term


def _bindings(answer: Answer, row: Json) -> Iterable[str]:
    for name in answer.variables:
        term = row.get(name)
        if term is not None:
            yield f'<binding name="{name}">{_xml(term)}</binding>'


def _xml(term: Json) -> str:
    value = "".join(map(_in_xml, term["value"])).translate(_ENTITIES)
    if term["type"] != "literal":
        return f"<{term['type']}>{value}</{term['type']}>"
    if language := term.get("xml:lang"):
        return f'<literal xml:lang="{language}">{value}</literal>'
    datatype = term.get("datatype")
    kind = f' datatype="{datatype.translate(_ENTITIES)}"' if datatype else ""
    return f"<literal{kind}>{value}</literal>"


def _in_xml(character: str) -> str:
    return (
        character
        if (character >= " " and character not in "\ufffe\uffff") or character in "\t\n\r"
        else "\ufffd"
    )


def _csv(term: Json | None) -> str:
    if term is None:
        return ""
    return f"_:{term['value']}" if term["type"] == "bnode" else str(term["value"])


def _tsv(term: Json | None) -> str:
    if term is None:
        return ""
    if term["type"] != "literal":
        return f"<{term['value']}>" if term["type"] == "uri" else f"_:{term['value']}"
    datatype = term.get("datatype", "")
    if datatype in _PLAIN and _PLAIN[datatype].fullmatch(term["value"]):
        return str(term["value"])
    written = text(term["value"])
    if language := term.get("xml:lang"):
        return f"{written}@{language}"
    return f"{written}^^<{datatype}>" if datatype else written
