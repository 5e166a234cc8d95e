"""The metrics of a vector: which there are, which values each may have, and in which order."""

from collections.abc import Mapping

Metrics = Mapping[str, str]


class Grammar:
    """What a version allows: its metrics in their order, each with its values; the first ones are needed.

    `ordered` is whether any other order is invalid.
    """

    def __init__(self, needed: str, optional: str, *, ordered: bool) -> None:
        self.needed = tuple(_values(needed))
        self.values = _values(needed) | _values(optional)
        self.ordered = ordered

    def read(self, text: str) -> Metrics:
        """The metrics in a text like `AV:N/AC:L`. Raises ValueError, saying why, for an invalid one."""
        found: dict[str, str] = {}
        for part in text.split("/"):
            name, _, value = part.partition(":")
            if value not in self.values.get(name, ()):
                raise ValueError(f"{part[:20]!r} is no metric with a value of this version")
            if name in found:
                raise ValueError(f"{name} is there twice")
            found[name] = value
        absent = [name for name in self.needed if name not in found]
        if absent:
            raise ValueError(f"{', '.join(absent)} must be there")
        if self.ordered and list(found) != [name for name in self.values if name in found]:
            raise ValueError("its metrics are not in their order")
        return found


def _values(text: str) -> dict[str, tuple[str, ...]]:
    """`AV N A L; AC L H` as metrics with their values."""
    words = [metric.split() for metric in text.split(";")]
    return {name: tuple(values) for name, *values in words}
