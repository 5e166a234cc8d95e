"""What every command shares: global options before or after it, lazy loading, the store, text input."""

import contextlib
import io
import sys
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, BinaryIO, NamedTuple

import typer
from typer._click.globals import get_current_context
from typer.core import TyperCommand, TyperGroup, TyperOption

from tcps.config import Format, Settings, settings
from tcps.errors import InvalidInput, TcpsError

LARGEST_INPUT = 256 * 1024 * 1024
"""The most bytes that are read from a file or standard input."""


EXIT_CODES = {"broken": 12, "undecided": 13}
"""How a command exits that gives a verdict; 0 for `intact`."""
QUERY_FORMS = ("table", "tsv", "xml", "turtle", "ntriples", "jsonld")
"""Formats of `query` beside those of every command."""


def _flag(*names: str, says: str) -> dict[str, Any]:
    return {"param_decls": list(names), "is_flag": True, "default": False, "help": says}


def _value(*names: str, says: str, metavar: str, of: Any = str) -> dict[str, Any]:
    return {"param_decls": list(names), "help": says, "metavar": metavar, "type": of}


_GLOBAL_OPTIONS = (
    _value("--store", metavar="DIR", says="The store: a .tcps folder or the folder that holds one."),
    _value("--actor", metavar="NAME", says="Who acts; it lands in the ledger."),
    _value("--format", "-o", metavar="FORMAT", says="text, json, jsonl, csv or md."),
    _flag("--json", says="The same as -o json."),
    _flag("--quiet", "-q", says="Print nothing on success."),
    _flag("--no-color", says="No colours."),
    _value("--wait", metavar="SECONDS", of=float, says="How long to wait for another writer [30]."),
)


def _global_options() -> list[Any]:
    return [TyperOption(**spec, expose_value=False, callback=_remember) for spec in _GLOBAL_OPTIONS]


def _remember(ctx: Any, param: Any, value: Any) -> Any:
    """Keep a global option's value for the command, whichever side of it the option stood on."""
    flags = ctx.ensure_object(dict)
    if value is not None and value is not False:
        if param.name == "format" and value not in (*Format, *_forms_of(ctx.command)):
            raise typer.BadParameter(f"{value!r} is none of {', '.join(Format)}.", ctx=ctx, param=param)
        flags[param.name] = value
    return value


def _forms_of(command: Any) -> tuple[str, ...]:
    """The formats that only some commands have: their own, or (before the command) those of any."""
    return QUERY_FORMS if isinstance(command, TyperGroup) else getattr(command, "forms", ())


class Command(TyperCommand):
    """A command that also takes the global options, after its own in its help."""

    forms: tuple[str, ...] = ()

    def get_params(self, ctx: Any) -> list[Any]:
        """Its own parameters, the global ones, and --help last."""
        own = super().get_params(ctx)
        return [*own[:-1], *_global_options(), own[-1]]


class Group(TyperGroup):
    """A group of commands that also takes the global options."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Its own parameters, the global ones, and --help last."""
        own = super().get_params(ctx)
        return [*own[:-1], *_global_options(), own[-1]]


class Entry(NamedTuple):
    """A top-level command that is imported when it is used."""

    module: str
    attribute: str
    help: str


def lazy(entries: dict[str, Entry]) -> type[Group]:
    """A group whose commands are imported when they are used."""

    class LazyGroup(Group):
        def list_commands(self, ctx: Any) -> list[str]:
            return list(entries)

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            entry = entries.get(cmd_name)
            if entry is None:
                return None
            app = getattr(import_module(entry.module), entry.attribute)
            command = typer.main.get_command(app)
            command.name = cmd_name
            return command

        def resolve_command(self, ctx: Any, args: list[str]) -> Any:
            if args and args[0] not in entries and not args[0].startswith("-"):
                near = get_close_matches(args[0], entries)
                meant = f" Did you mean {' or '.join(near)}?" if near else ""
                ctx.fail(f"There is no command {args[0]!r}.{meant}")
            return super().resolve_command(ctx, args)

        def format_commands(self, ctx: Any, formatter: Any) -> None:
            with formatter.section("Commands"):
                formatter.write_dl([(name, entry.help) for name, entry in entries.items()])

    return LazyGroup


def group(says: str) -> typer.Typer:
    """A Typer app for a group of commands such as `work-order`."""
    return typer.Typer(
        cls=Group, help=says, no_args_is_help=True, add_completion=False, rich_markup_mode=None
    )


def single(
    function: Callable[..., None], examples: str, *, cls: type[Command] = Command, **options: Any
) -> typer.Typer:
    """A Typer app of one top-level command."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(cls=cls, epilog=examples_text(examples), **options)(function)
    return app


def examples_text(examples: str) -> str:
    """An epilog that shows commands as they are typed, one a line."""
    lines = [line.strip() for line in examples.strip().splitlines()]
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


class Context(NamedTuple):
    """What a command works with: its settings, and where its result goes."""

    settings: Settings
    out: Any


class Host(NamedTuple):
    """A command that calls others: it gives them its store, and takes their results and notes."""

    settings: Settings
    store: Any
    out: Any
    notes: list[str]


def host_of(ctx: Any) -> Host | None:
    """Who called this command, when that was another one."""
    host = None if ctx is None else ctx.ensure_object(dict).get("host")
    return host if isinstance(host, Host) else None


def context(ctx: typer.Context) -> Context:
    """The settings and the output of a command."""
    from tcps.render import Output

    host = host_of(ctx)
    if host is not None:
        return Context(host.settings, host.out)
    chosen = settings(ctx.ensure_object(dict))
    return Context(chosen, Output(chosen.format, quiet=chosen.quiet, color=chosen.color))


@contextlib.contextmanager
def opened(ctx: typer.Context) -> Iterator[tuple[Any, Any]]:
    """The store and the output of a command; what a person should know goes to stderr at the end."""
    from tcps.store import Store, find

    host = host_of(ctx)
    if host is not None:
        yield host.store, host.out
        return
    chosen, out = context(ctx)
    if not chosen.wait >= 0:
        raise InvalidInput("--wait takes a number of seconds, 0 or more", details={"fields": ["wait"]})
    folder = find(chosen.store, Path.cwd())
    with Store.open(folder, actor=chosen.actor, wait=chosen.wait) as store:
        try:
            yield store, out
        finally:
            for notice in store.notices:
                say(f"warning: {notice}")


def outside(
    ctx: typer.Context,
    anchors: list[str] | None = None,
    keys: list[str] | None = None,
    require_signature: bool = False,
    accept_rollback: bool = False,
) -> Any:
    """What the user knows from outside of the store, and what the command was given."""
    from tcps.home import Home
    from tcps.service.outside import Outside

    home = Home(settings(ctx.ensure_object(dict)).home)
    given = [text(key, "--key") or "" for key in keys or ()]
    return Outside(home, anchors or (), [key.strip() for key in given], require_signature, accept_rollback)


def say(text: str) -> None:
    """A line for a person on stderr, after what is on stdout already; a note for a calling command."""
    host = host_of(get_current_context(silent=True))
    if host is not None:
        host.notes.append(text)
        return
    sys.stdout.flush()
    print(text, file=sys.stderr)


def tried(dry_run: bool) -> None:
    """Say that a dry run was one."""
    if dry_run:
        say("dry run: nothing was changed")


def text(value: str | None, what: str) -> str | None:
    """The text that an option means: `-` is standard input, `@FILE` a file, `@@…` a text with one @."""
    if value is None or value.startswith("@@"):
        return None if value is None else value[1:]
    if value == "-":
        return _standard_input(what)
    if value.startswith("@"):
        return _decoded(_content(Path(value[1:]), what), what)
    return value


def content(path: str, what: str) -> bytes:
    """The bytes of a file, or of standard input for `-`."""
    if path != "-":
        return _content(Path(path), what)
    _require_standard_input(what)
    return sys.stdin.buffer.read(LARGEST_INPUT + 1)


@contextlib.contextmanager
def input_stream(path: str, what: str) -> Iterator[BinaryIO]:
    """A file, or standard input for `-`, to be read piece by piece."""
    if path == "-":
        _require_standard_input(what)
        yield sys.stdin.buffer
        return
    with contextlib.ExitStack() as opened_file:
        try:
            file = opened_file.enter_context(open(path, "rb"))
        except OSError as error:
            raise _unreadable(path, what, error) from error
        yield file


def json_value(value: str | None, what: str) -> Any:
    """The JSON that an option means, itself or by `-` or `@FILE`; None when it is not given."""
    from tcps.canonical import parse_input

    given = text(value, what)
    return None if given is None else parse_input(given, what)


def _standard_input(what: str) -> str:
    """All of standard input, which can be read for one option only."""
    _require_standard_input(what)
    content = sys.stdin.buffer.read(LARGEST_INPUT + 1)
    sys.stdin.close()
    return _decoded(content, what)


@contextlib.contextmanager
def whole_input() -> Iterator[int]:
    """The descriptor of standard input, which nobody else reads inside."""
    stream = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO())
    sys.stdin.close()
    try:
        yield stream.fileno()
    finally:
        sys.stdin = stream


def _require_standard_input(what: str) -> None:
    if sys.stdin.closed:
        raise InvalidInput(f"{what}: standard input is read for something else already", code="usage")


def _content(path: Path, what: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(LARGEST_INPUT + 1)
    except OSError as error:
        raise _unreadable(path, what, error) from error


def _unreadable(path: str | Path, what: str, error: OSError) -> TcpsError:
    return TcpsError(
        f"cannot read {what} from {path}: {error.strerror}",
        details={"path": str(path), "errno": error.errno},
    )


def _decoded(content: bytes, what: str) -> str:
    if len(content) > LARGEST_INPUT:
        raise InvalidInput(f"{what} is larger than {LARGEST_INPUT} bytes", code="too_large")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{what} is not UTF-8 text: byte {error.start}") from None


def completion(kind: str) -> Callable[[typer.Context, str], list[str]]:
    """Completes ids of a kind in the shell; nothing where there is no store."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        from tcps.service.oversight import ids
        from tcps.store import Store, find

        chosen = settings(ctx.ensure_object(dict))
        try:
            with Store.open(find(chosen.store, Path.cwd()), actor=chosen.actor, wait=1) as store:
                return ids(store, kind, incomplete)
        except (TcpsError, OSError):
            return []

    return complete


def words(name: str) -> Callable[[str], list[str]]:
    """Completes the values of one of the vocabularies of `tcps.model`."""

    def complete(incomplete: str) -> list[str]:
        from tcps import model

        return [value for value in getattr(model, name) if value.startswith(incomplete.lower())]

    return complete


WorkOrderId = Annotated[
    str, typer.Argument(metavar="ID", help="A work order.", autocompletion=completion("work_order"))
]
SkuId = Annotated[str, typer.Argument(metavar="SKU", help="A SKU.", autocompletion=completion("sku"))]
AndonId = Annotated[
    str, typer.Argument(metavar="ID", help="An Andon.", autocompletion=completion("andon_event"))
]
SkuOption = Annotated[str, typer.Option("--sku", help="The SKU.", autocompletion=completion("sku"))]
SkuFilter = Annotated[
    str | None, typer.Option("--sku", help="Only of this SKU.", autocompletion=completion("sku"))
]
OrderFilter = Annotated[
    str | None,
    typer.Option("--work-order", help="Only of this work order.", autocompletion=completion("work_order")),
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, max=2**63 - 1, help="At most so many.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Decide by every rule, say what would be, change nothing.")
]
Reason = Annotated[str, typer.Option("--reason", help="Why; - or @FILE reads it.")]
PeriodStart = Annotated[
    str | None, typer.Option("--from", metavar="DATE", help="Of the period from this date or time on.")
]
PeriodEnd = Annotated[
    str | None, typer.Option("--to", metavar="DATE", help="Its end, the date included; without it, now.")
]
AnchorFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--anchor", metavar="FILE", help="A checkpoint that was kept elsewhere, or a backup; can be repeated."
    ),
]
KeyTexts = Annotated[
    list[str] | None,
    typer.Option(
        "--key", metavar="VKEY", help="A key that must have signed, beside the pinned ones; or @FILE."
    ),
]
RequireSignature = Annotated[
    bool, typer.Option("--require-signature", help="Exit with 13 where no key is pinned that could decide.")
]
AcceptRollback = Annotated[
    bool,
    typer.Option("--accept-rollback", help="Forget what was remembered; remember what is there now."),
]
