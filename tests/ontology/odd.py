"""Odd things that people say in a store: texts, JSON and numbers wherever one may be given."""

import contextlib
from collections.abc import Callable
from random import Random
from typing import Any

from tcps.errors import Conflict, InvalidInput, NotFound, Refused
from tcps.model import STAGES, AndonEvent, Improvement, Json, Record, Sku, Stage, WorkOrder
from tcps.store import Store
from tcps.store.filters import Filter
from tests.conftest import FixedClock
from tests.rules.line import ARTIFACTS, PASSING

WRITTEN = (
    *("a", "B", " ", "  ", '"', "'", "\\", "\\n", "<a:>", "{", "}", "?x", "&", ";", "]]>", "#", "%41", "`"),
    *("\n", "\t", "^^<a:b>", "@en", "é", "e\u0301", "ß", "ẞ", "İ", "ı", "ſ", "Σς", "𝄞", "\u202e", "\u2028"),
    *("\u00a0", "\u3000", "\ufeff", "\ufffe", "\uffff", "' . } ; DROP ALL #", '""" . } #', "ǅ", "\u212a"),
)
"""Pieces of what a person can write."""
ANYTHING = (*WRITTEN, "\x00", "\r", "\x1b", "\x7f", "\x85")
"""Pieces of a text inside of JSON, where no character is refused."""
CAUSES = (
    "A  cause",
    "a\ncause",
    " a\tCAUSE",
    "a\u00a0cause",
    "STRASSE",
    "Straße",
    "İ",
    "i\u0307",
    "ΟΔΟΣ",
    "οδος",
)
"""Root causes, some of which are the same but for case and white space."""
NUMBERS = (0, -1, 7, 2**63, -(2**63), 0.0, -0.0, 0.1, 1e22, 5e-324, 1.0)


class Odd:
    """Says odd things in a store, by one actor or another; what is refused is refused."""

    def __init__(self, store: Store, random: Random, clock: FixedClock) -> None:
        self.store = store
        self.random = random
        self.clock = clock

    def something(self) -> None:
        """Do one thing; now and then the clock is moved before, and not only on."""
        if self.random.random() < 0.3:
            self.clock.forward(hours=self.random.choice((-2, -0.001, 0.5, 30, 200)))
        self.store.actor = self.random.choice(("alice", "bob", self.text().strip() or "x"))
        with contextlib.suppress(InvalidInput, Refused, NotFound, Conflict, IndexError):
            self.random.choice(self.operations())()

    def operations(self) -> list[Callable[[], Any]]:
        return [
            *(self.order, self.order, self.update, self.cancel, self.build, self.build),
            *(self.run, self.run, self.run, self.run, self.abort, self.trigger, self.trigger),
            *(self.resolve, self.resolve, self.resolve, self.analysis, self.setting, self.improvement),
        ]

    def text(self, pieces: tuple[str, ...] = WRITTEN) -> str:
        return "".join(self.random.choices(pieces, k=self.random.randint(1, 6)))

    def value(self, depth: int = 2) -> Any:
        """Any JSON value."""
        kinds: list[Callable[[], Any]] = [
            lambda: self.text(ANYTHING),
            lambda: self.random.choice(NUMBERS),
            lambda: self.random.choice((None, True, False)),
        ]
        if depth:
            kinds += [lambda: [self.value(depth - 1)], lambda: self.object(depth - 1)]
        return self.random.choice(kinds)()

    def object(self, depth: int = 2) -> Json:
        return {self.text(ANYTHING): self.value(depth) for _ in range(self.random.randint(0, 2))}

    def any_id(self, kind: type[Record]) -> str:
        """The id of any record of a kind. Raises IndexError when there is none."""
        with self.store.view() as view:
            return self.random.choice(view.ids(kind.kind, Filter(), "id"))

    def order(self) -> None:
        fields: Json = {"title": self.text(), "description": self.text(), "metadata": self.object()}
        fields["labels"] = [self.text() for _ in range(self.random.randint(0, 3))]
        if self.random.random() < 0.5:
            fields["source"] = self.text()
        if self.random.random() < 0.3:
            fields["depends_on"] = [self.any_id(WorkOrder)]
        self.store.store_work_order(fields)

    def update(self) -> None:
        order = self.store.get_work_order(self.any_id(WorkOrder))
        given = {"work_order_id": order.id, "revision": order.revision, "title": self.text()}
        self.store.update_work_order(given | {"description": self.text(), "labels": [self.text()]})

    def cancel(self) -> None:
        self.store.production.cancel_work_order(self.any_id(WorkOrder), self.text())

    def build(self) -> None:
        order = self.store.store_work_order({"title": self.text()})
        self.store.store_sku({"work_order_id": order.id, "metadata": self.object()})

    def run(self) -> None:
        sku = self.store.get_sku(self.any_id(Sku))
        good = self.random.random() < 0.6
        artifacts = ARTIFACTS if good else [{"name": self.text(), "sha256": "0" * 64, "size": 0, "uri": "<>"}]
        self.store.production.run_stage(
            sku_id=sku.id,
            stage=sku.current_stage,
            metrics=PASSING[sku.current_stage] if good else self.metrics(sku.current_stage),
            evidence=self.object() | {"source_revision": self.value(), "manual_intervention": True},
            artifacts=artifacts,
            duration_ms=self.random.choice((0, 1, 400_000, 10**12)),
        )

    def metrics(self, stage: Stage) -> Json:
        given = {name: self.value() for name in PASSING[stage] if self.random.random() < 0.7}
        return given | self.object()

    def abort(self) -> None:
        self.store.production.abort_sku(self.any_id(Sku), self.text())

    def trigger(self) -> None:
        sku_id = self.random.choice((self.any_id(Sku), "elsewhere", "an.other-1_"))
        kind = self.random.choice(("sla_breach", "test_failure", "low_coverage"))
        given = {"sku_id": sku_id, "failure_type": kind, "details": self.object()}
        self.store.store_andon_event(given | {"stage": self.random.choice(STAGES)})

    def resolve(self) -> None:
        cause = self.random.choice((*CAUSES, self.text()))
        andon_id = self.any_id(AndonEvent)
        self.store.production.resolve_andon(
            andon_id, root_cause=cause, fix=self.text(), prevention=self.text()
        )

    def analysis(self) -> None:
        begun = self.store.production.start_analysis(self.any_id(AndonEvent), self.text())
        for number in range(1, self.random.randint(1, 6)):
            self.store.production.add_why(begun.id, number, self.text(), self.text())
        cause = f"{self.text()} a race condition in dependency x version 1.2"
        self.store.production.finalize_analysis(begun.id, cause, self.text())

    def setting(self) -> None:
        key = self.random.choice(("wip_limits.cost", "sla_hours.security", "max_gap_hours", "auto_publish"))
        self.store.production.set_policy(key, self.random.choice((1, 7, 12.5, True, "unlimited", "none")))

    def improvement(self) -> None:
        production = self.store.production
        production.propose_improvements()
        production.apply_improvement(self.any_id(Improvement), self.text())
        production.reject_improvement(self.any_id(Improvement), self.text())
        self.clock.forward(hours=24 * 8)
        production.measure_improvement(self.any_id(Improvement))
