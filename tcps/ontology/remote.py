"""A SPARQL server of somebody else: the Graph Store Protocol, updates, and queries, over HTTP.

Redirects are not followed, so that no other server gets the statements or the password. What fails for
a moment is tried again; statements are sets, so doing it twice does no harm.
"""

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from tcps.errors import InvalidInput, TcpsError, invalid_field
from tcps.ontology import answers, guard
from tcps.ontology.binding import iri
from tcps.ontology.limits import Limits
from tcps.ontology.terms import PREFIXES

_PAUSES = (0.5, 1.0, 2.0)
"""Seconds before each further try."""
_PASSING = (429, 500, 502, 503, 504)
_SHOWN = 300
_FORM = "application/x-www-form-urlencoded"
"""How queries and updates are sent: every server takes this one of the protocol's three ways."""


class Server(NamedTuple):
    """Where a server takes graphs, queries and updates; `graph` is the IRI of ours, None the default one.

    `login` is a name and a password, for the server's Basic or Digest challenge.
    """

    store: str
    query: str
    update: str
    graph: str | None = None
    login: tuple[str, str] | None = None
    timeout: float = 60.0
    pause: Callable[[float], None] = time.sleep

    def put(self, ntriples: str) -> None:
        """Replace the graph by these statements."""
        address = "default" if self.graph is None else f"graph={quote(self.graph, safe='')}"
        sign = "&" if urlsplit(self.store).query else "?"
        self._send("PUT", f"{self.store}{sign}{address}", ntriples, "application/n-triples")

    def change(self, removed: str, added: str) -> None:
        """Take statements away and add others, in one request."""
        data = [f"DELETE DATA {self._in_graph(removed)}"] if removed else []
        data += [f"INSERT DATA {self._in_graph(added)}"] if added else []
        self._send("POST", self.update, urlencode({"update": " ;\n".join(data)}), _FORM)

    def ask(self, text: str, limits: Limits) -> answers.Answer:
        """The answer to a query there, with our prefixes; what `guard` refuses is not sent."""
        form = guard.form_of(text)
        is_graph = form in ("construct", "describe")
        prefixes = "".join(f"PREFIX {name}: <{namespace}>\n" for name, namespace in PREFIXES.items())
        accepted = "application/n-triples" if is_graph else "application/sparql-results+json"
        kind = "graph" if is_graph else "truth" if form == "ask" else "table"
        content = self._send("POST", self.query, urlencode({"query": prefixes + text}), _FORM, accepted)
        try:
            answer = answers.read(kind, content)
        except (ValueError, KeyError, TypeError) as error:
            raise TcpsError(f"{self.query} gave no SPARQL result: {error}", code="endpoint_error") from error
        if len(answer.rows) > limits.rows:
            message = f"the answer has {len(answer.rows)} rows; {limits.rows} are allowed"
            raise TcpsError(message, code="query_limit", hint="add LIMIT to it")
        return answer

    def position(self, subject: str, predicate: str) -> str | None:
        """The text that the graph says of a subject."""
        where = f"{subject} {predicate} ?value"
        graph = where if self.graph is None else f"GRAPH <{self.graph}> {{ {where} }}"
        found = self.ask(f"SELECT ?value {{ {graph} }}", Limits(rows=10))
        return found.rows[0]["value"]["value"] if len(found.rows) == 1 else None

    def _in_graph(self, lines: str) -> str:
        return f"{{ {lines} }}" if self.graph is None else f"{{ GRAPH <{self.graph}> {{ {lines} }} }}"

    def _send(self, method: str, url: str, body: str, content: str, accept: str = "*/*") -> bytes:
        """One request, tried again while its failure may pass. Raises TcpsError (`endpoint_error`)."""
        headers = {"Content-Type": content, "Accept": accept, "User-Agent": "tcps"}
        request = urllib.request.Request(url, body.encode(), headers, method=method)
        for pause in (*_PAUSES, None):
            try:
                with self._opener().open(request, timeout=self.timeout) as response:
                    return bytes(response.read(Limits().size))
            except urllib.error.HTTPError as error:
                with error:
                    if error.code not in _PASSING or pause is None:
                        said = error.read(_SHOWN).decode("utf-8", "replace").strip()
                        raise _failed(url, f"{error.code} {error.reason}: {said}") from None
            except (OSError, HTTPException) as error:
                if pause is None:
                    raise _failed(url, getattr(error, "reason", None) or error) from error
            self.pause(pause)
        raise AssertionError

    def _opener(self) -> urllib.request.OpenerDirector:
        passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        if self.login is not None:
            for url in {self.store, self.query, self.update}:
                passwords.add_password(None, url, *self.login)
        return urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            _NoRedirect(),
            urllib.request.HTTPBasicAuthHandler(passwords),
            urllib.request.HTTPDigestAuthHandler(passwords),
        )


def server(url: str, query: str | None, update: str | None, graph: str | None, **options: Any) -> Server:
    """A server by the URL of its graph store. Raises InvalidInput.

    Of one that ends in `/store`, as Oxigraph's, queries and updates go to `/query` and `/update` beside it.
    """
    if query is None or update is None:
        if not url.endswith("/store"):
            raise InvalidInput(
                "this server needs --query-url and --update-url too", details={"fields": ["url"]}
            )
        query, update = query or f"{url[:-6]}/query", update or f"{url[:-6]}/update"
    for one in (url, query, update):
        checked_url(one)
    return Server(url, query, update, None if graph is None else iri(graph)[1:-1], **options)


def checked_url(url: str) -> str:
    """An http or https URL with a host and without a password in it. Raises InvalidInput."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise invalid_field("url", f"{url[:200]!r} is no http URL with a host and without a login")
    return url


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **named: Any) -> None:
        return None


def _failed(url: str, why: object) -> TcpsError:
    return TcpsError(f"{url}: {why}", code="endpoint_error", details={"url": url})
