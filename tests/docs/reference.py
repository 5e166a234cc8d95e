"""What is made from the code: docs/cli.md, tables in other documents, the context of JSON-LD.

`python -m tests.docs.reference` writes them; with `--check` it compares and exits with 1 when one is
stale. In `WITH_TABLES` a table stands between `<!-- from the code: NAME -->` and `<!-- end -->`.
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import typer
from typer.core import TyperArgument

from tcps import errors
from tcps.cli.root import app
from tcps.rules.policy import defaults
from tests.docs import ontology
from tests.docs.documents import ROOT

GLOBAL = ("store", "actor", "format", "json", "quiet", "no_color", "wait", "help")
"""The options that every command takes, by parameter name."""
WITH_TABLES = ("docs/interface.md", "docs/ontology.md")
_REGION = re.compile(r"(<!-- from the code: ([a-z -]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_HEADER = """# The commands of tcps

Made from the program by `python -m tests.docs.reference`; not edited by hand. What all commands have
in common is in [interface.md](interface.md).
"""


def root() -> Any:
    """The root command."""
    return typer.main.get_command(app)


def commands() -> Iterator[tuple[str, Any, Any]]:
    """Every command that does something: its name from `tcps` on, the command, its context."""
    top = root()
    yield from _below(top, top.make_context("tcps", [], resilient_parsing=True))


def examples(command: Any) -> list[str]:
    """The examples of a command's help, one a line."""
    lines = (command.epilog or "").splitlines()
    return [line.strip() for line in lines if line.startswith("  ")]


def cli() -> str:
    """docs/cli.md."""
    parts = [_HEADER, _global_options()]
    parts += [_section(path, command, ctx) for path, command, ctx in commands()]
    return "\n".join(parts)


def with_tables(text: str) -> str:
    """A document with its tables made anew."""
    return _REGION.sub(lambda match: match[1] + _TABLES[match[2]]() + match[3], text)


def documents() -> dict[str, str]:
    """The text that each document should have, by its path."""
    made = {path: with_tables((ROOT / path).read_text(encoding="utf-8")) for path in WITH_TABLES}
    return {"docs/cli.md": cli(), "tcps/ontology/context.jsonld": ontology.context()} | made


def stale() -> list[str]:
    """The documents that differ from the code."""
    return [path for path, text in documents().items() if _on_disk(path) != text]


def exit_codes() -> dict[str, int]:
    """The error classes with their exit codes, root first."""
    classes = [value for value in vars(errors).values() if inspect.isclass(value)]
    return {kind.__name__: kind.exit_code for kind in classes if issubclass(kind, errors.TcpsError)}


def main() -> None:
    """Write the documents, or compare them."""
    if "--check" in sys.argv[1:]:
        names = stale()
        if names:
            sys.exit(f"stale: {', '.join(names)}; run python -m tests.docs.reference")
        return
    for path, text in documents().items():
        (ROOT / path).write_text(text, encoding="utf-8")


def _on_disk(path: str) -> str:
    file = ROOT / path
    return file.read_text(encoding="utf-8") if file.exists() else ""


def _below(command: Any, ctx: Any) -> Iterator[tuple[str, Any, Any]]:
    for name in command.list_commands(ctx):
        child = command.get_command(ctx, name)
        inner = child.make_context(name, [], parent=ctx, resilient_parsing=True)
        if hasattr(child, "list_commands"):
            yield from _below(child, inner)
        else:
            yield inner.command_path, child, inner


def _own(command: Any, ctx: Any) -> list[Any]:
    return [param for param in command.get_params(ctx) if param.name not in GLOBAL]


def _section(path: str, command: Any, ctx: Any) -> str:
    own = _own(command, ctx)
    arguments = [param for param in own if isinstance(param, TyperArgument)]
    options = [param for param in own if not isinstance(param, TyperArgument)]
    lines = [f"## {path}", "", inspect.cleandoc(command.help or ""), "", "```text"]
    lines += [" ".join([path, *(["[OPTIONS]"] if own else []), *map(_argument, arguments)]), "```", ""]
    if arguments:
        lines += ["| argument | is |", "|---|---|"]
        lines += [f"| `{_escaped(_argument(param))}` | {_escaped(param.help or '')} |" for param in arguments]
        lines.append("")
    if options:
        lines += _option_table(options)
    lines += ["Examples:", "", "```text", *examples(command), "```", ""]
    return "\n".join(lines)


def _global_options() -> str:
    top = root()
    ctx = top.make_context("tcps", [], resilient_parsing=True)
    shared = [param for param in top.get_params(ctx) if param.name in GLOBAL]
    alone = [param for param in top.get_params(ctx) if param.name not in GLOBAL]
    lines = ["## Every command", "", "These options may stand before or after the command.", ""]
    lines += _option_table(shared)
    lines += ["`tcps` alone says what there is to do next; besides the above it takes:", ""]
    return "\n".join([*lines, *_option_table(alone)])


def _option_table(options: list[Any]) -> list[str]:
    rows = [f"| `{_escaped(_option(param))}` | {_escaped(_said(param))} |" for param in options]
    return ["| option | is |", "|---|---|", *rows, ""]


def _argument(param: Any) -> str:
    word = param.metavar or param.name.upper()
    if param.required or word.startswith("["):
        return str(word)
    return f"[{word}]"


def _option(param: Any) -> str:
    names = ", ".join(param.opts)
    if param.is_flag:
        return names
    return f"{names} {param.metavar or _type(param)}"


def _type(param: Any) -> str:
    return "N" if "int" in param.type.name else "TEXT"


def _said(param: Any) -> str:
    notes = ["needed"] if param.required else []
    if not param.is_flag and param.default is not None and not param.multiple and not param.required:
        notes += [f"without it: {param.default}"] if isinstance(param.default, str | int) else []
    return f"{param.help or ''}{f' ({notes[0]})' if notes else ''}"


def _escaped(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _commands_table() -> str:
    lines = ["| command | options of its own |", "|---|---|"]
    for path, command, ctx in commands():
        own = _own(command, ctx)
        words = [_argument(param) for param in own if isinstance(param, TyperArgument)]
        options = [_short(param) for param in own if not isinstance(param, TyperArgument)]
        usage = _escaped(" ".join([path.removeprefix("tcps "), *words]))
        lines.append(f"| `{usage}` | {' '.join(options)} |")
    return "".join(f"{line}\n" for line in lines)


def _short(param: Any) -> str:
    many = "…" if getattr(param, "multiple", False) else ""
    return f"`{param.opts[0]}{many}`" + ("*" if param.required else "")


def _exit_code_table() -> str:
    rows = ["| exit | class | it means |", "|---|---|---|"]
    for name, code in exit_codes().items():
        summary = inspect.cleandoc(getattr(errors, name).__doc__).splitlines()[0]
        rows.append(f"| {code} | `{name}` | {_escaped(summary)} |")
    return "".join(f"{row}\n" for row in rows)


def _settings_table() -> str:
    rows = ["| setting | default |", "|---|---|"]
    for key, value in defaults().items():
        shown = ", ".join(value) if isinstance(value, list) else str(value).lower()
        rows.append(f"| `{key}` | {shown} |")
    return "".join(f"{row}\n" for row in rows)


_TABLES: dict[str, Callable[[], str]] = {
    "commands": _commands_table,
    "exit codes": _exit_code_table,
    "settings": _settings_table,
    "classes": ontology.classes,
    "properties": ontology.properties,
    "values": ontology.values,
}

if __name__ == "__main__":
    main()
