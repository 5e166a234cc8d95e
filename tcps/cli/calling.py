"""Commands called by name with values, as a command line would call them with words."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import typer
from typer.core import TyperGroup

from tcps.cli.base import Host
from tcps.errors import InvalidInput
from tcps.model import Json

_WANTED = {
    "bool": ((bool,), "true or false"),
    "int": ((int,), "a whole number"),
    "float": ((int, float), "a number"),
    "str": ((str, int, float), "a text"),
}
"""What the types of parameters take: a text also a number, as the command line makes no difference."""


class Callee:
    """A command, and the names of what it takes."""

    def __init__(self, name: str, command: Any, group: Any) -> None:
        self.name = name
        self._command = command
        self._group = group
        with _context(command, group) as ctx:
            own = [param for param in command.get_params(ctx) if param.expose_value]
            optional = [param for param in own if not param.required]
            self._defaults = {param.name: param.handle_parse_result(ctx, {}, [])[0] for param in optional}
        self._params = {param.name: param for param in own}
        self.named = {alias: param for param in own for alias in _names(param)}

    def call(self, values: Mapping[str, Any], host: Host) -> int:
        """Call it; gives the exit code that it would end with. Raises what it raises."""
        given: dict[str, Any] = {}
        for name, value in values.items():
            param = self.named.get(name)
            if param is None:
                raise self._unknown(name)
            if param.name in given:
                raise InvalidInput(f"{self.name} has two values for {name}", code="usage", details=_of(name))
            if value is not None:
                given[param.name] = _value(param, name, value)
        with _context(self._command, self._group, {"host": host}) as ctx:
            ctx.params |= self._defaults
            for name, param in self._params.items():
                if name in given or param.required:
                    param.handle_parse_result(ctx, given, [])
            try:
                self._command.invoke(ctx)
            except typer.Exit as ended:
                return ended.exit_code
        return 0

    def _unknown(self, name: str) -> InvalidInput:
        near = get_close_matches(name, self.named)
        meant = f"; did you mean {near[0]}?" if near else ""
        return InvalidInput(
            f"{self.name} has no option or argument {name!r}{meant}",
            code="usage",
            hint=f"tcps {self.name} --help",
            details=_of(name),
        )


def find(root: Any, name: str) -> Callee:
    """The command of this name, such as `receipt add`; `root` is the context of the root command."""
    command, ctx = root.command, root
    for word in name.split():
        known = command.list_commands(ctx) if isinstance(command, TyperGroup) else ()
        if word not in known:
            near = get_close_matches(word, known)
            meant = f"; did you mean {near[0]}?" if near else ""
            raise InvalidInput(f"there is no command {name!r}{meant}", code="usage", hint="tcps --help")
        command = command.get_command(ctx, word)
        ctx = _context(command, ctx) if isinstance(command, TyperGroup) else ctx
    if isinstance(command, TyperGroup):
        commands = ", ".join(command.list_commands(ctx)) if name.split() else "one of tcps --help"
        raise InvalidInput(f"{name!r} needs a command: {commands}", code="usage")
    return Callee(" ".join(name.split()), command, ctx)


def _context(command: Any, parent: Any, flags: Json | None = None) -> Any:
    return command.context_class(command, info_name=command.name, parent=parent, obj=flags)


def _names(param: Any) -> list[str]:
    """What a parameter is called: an option by its long name, an argument as in help or in lower case."""
    if param.param_type_name == "option":
        return [option[2:].replace("-", "_") for option in param.opts if option.startswith("--")]
    shown = (param.metavar or param.name).strip("[]").removesuffix("…").removeprefix("-- ")
    names = [shown, *shown.split("|")]
    return list(dict.fromkeys([*names, *(name.lower() for name in names)]))


def _value(param: Any, name: str, value: Any) -> Any:
    """A value of JSON as the command line's parser would give it; several in an array."""
    several = param.multiple if param.param_type_name == "option" else param.nargs == -1
    if not several:
        return _single(param, name, value)
    if not isinstance(value, list):
        raise _wrong(name, "an array", value)
    return [_single(param, name, item) for item in value] or None


def _single(param: Any, name: str, value: Any) -> Any:
    if param.metavar == "JSON" and isinstance(value, dict | list):
        return _json(value)
    kind = "bool" if getattr(param, "is_flag", False) else str(param.type.name).split()[0]
    types, wanted = _WANTED[kind]
    if not isinstance(value, types) or (isinstance(value, bool) and kind != "bool"):
        raise _wrong(name, "a JSON value" if param.metavar == "JSON" else wanted, value)
    return _json(value) if kind == "str" and not isinstance(value, str) else value


def _json(value: Any) -> str:
    from tcps.canonical import line_bytes

    return line_bytes(value).decode()


def _wrong(name: str, wanted: str, value: Any) -> InvalidInput:
    kinds = {dict: "an object", list: "an array", str: "a text", bool: "true or false"}
    got = "null" if value is None else kinds.get(type(value), "a number")
    return InvalidInput(f"{name} takes {wanted}, not {got}", code="usage", details=_of(name))


def _of(name: str) -> Json:
    return {"fields": [name]}
