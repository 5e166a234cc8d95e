"""The rules of a SARIF run: which one a result is about (3.27.5 to 3.27.7), and its level (3.27.10)."""

from tcps.evidence.shape import at, choice, index, part, parts, text
from tcps.model import Json

_LEVELS = ("none", "note", "warning", "error")
_LONGEST = 1024
"""The most characters of an id that is looked up."""


class _Component:
    """The tool's driver or an extension: its rules by place, by guid and by id."""

    def __init__(self, component: Json) -> None:
        self.names = [name for name in (text(component, "guid"), text(component, "name")) if name]
        self.rules = parts(component, "rules")
        self.by_guid = {guid: rule for rule in self.rules if (guid := text(rule, "guid"))}
        self.by_id: dict[str, Json] = {}
        for rule in self.rules:
            self.by_id.setdefault(text(rule, "id") or "", rule)


class Rules:
    """What a run says of rules: those of its tool, and how they were configured when it ran."""

    def __init__(self, run: Json) -> None:
        tool = part(run, "tool")
        self.driver = _Component(part(tool, "driver"))
        self.extensions = [_Component(extension) for extension in parts(tool, "extensions")]
        self.by_name = {name: one for one in self.extensions for name in one.names}
        self.by_id: dict[str, Json] = {}
        for one in (self.driver, *self.extensions):
            for rule_id, rule in one.by_id.items():
                self.by_id.setdefault(rule_id, rule)
        self.overrides = [self._overridden(invocation) for invocation in parts(run, "invocations")]

    def of(self, result: Json) -> Json | None:
        """The rule that a result is about; None where the log does not hold it."""
        reference = part(result, "rule")
        rule_id = text(reference, "id") or text(result, "ruleId") or ""
        place = index(reference, "index")
        return self._find(reference, place if place >= 0 else index(result, "ruleIndex"), rule_id)

    def level(self, result: Json, rule: Json | None) -> str:
        """The level of a result that states none: as its run was told, as its rule says, else warning."""
        if rule is None:
            return "warning"
        invocation = index(part(result, "provenance"), "invocationIndex")
        told = self.overrides[invocation] if 0 <= invocation < len(self.overrides) else {}
        return told.get(id(rule)) or choice(part(rule, "defaultConfiguration"), "level", _LEVELS, "warning")

    def _overridden(self, invocation: Json) -> dict[int, str]:
        """The levels that an invocation's configuration gave to rules, by the identity of the rule."""
        levels = {}
        for override in parts(invocation, "ruleConfigurationOverrides"):
            reference = part(override, "descriptor")
            rule = self._find(reference, index(reference, "index"), text(reference, "id") or "")
            level = choice(part(override, "configuration"), "level", _LEVELS, "")
            if rule is not None and level:
                levels[id(rule)] = level
        return levels

    def _find(self, reference: Json, place: int, rule_id: str) -> Json | None:
        component = self._component(part(reference, "toolComponent"))
        found = at(component.rules, place) or component.by_guid.get(text(reference, "guid") or "")
        return found or _named(component.by_id, rule_id) or _named(self.by_id, rule_id)

    def _component(self, reference: Json) -> _Component:
        """The component that a reference names; the driver where it names none."""
        place = index(reference, "index")
        if 0 <= place < len(self.extensions):
            return self.extensions[place]
        named = self.by_name.get(text(reference, "guid") or "")
        return named or self.by_name.get(text(reference, "name") or "", self.driver)


def _named(rules: dict[str, Json], rule_id: str) -> Json | None:
    """The rule of this id, else of the longest beginning of it: `CA1000/1` is one of `CA1000`."""
    parts_of_id = rule_id.split("/") if len(rule_id) <= _LONGEST else []
    beginnings = ("/".join(parts_of_id[:end]) for end in range(len(parts_of_id), 0, -1))
    return next((rules[one] for one in beginnings if one and one in rules), None)
