"""Production: what people do with orders, SKUs, Andons, analyses and improvements, each as one transaction.

`Store` reads and stores records; here is the rest of the domain, rule for rule. Every method gives the record
as it is after it, and raises what the rule refuses.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tcps.model import (
    Analysis,
    AndonEvent,
    Bucket,
    Frequency,
    Improvement,
    Outcome,
    Policy,
    Sku,
    Stage,
    TpmRun,
    WorkOrder,
    parse_enum,
)
from tcps.model.text import checked_id
from tcps.rules import andon, dependencies, heijunka, kaizen, kanban, pipeline, policy, pulling, root_cause
from tcps.rules import work_orders as orders
from tcps.rules.readiness import Readiness, readiness
from tcps.rules.receipts import Recorded
from tcps.rules.state import found
from tcps.store.filters import Filter

if TYPE_CHECKING:
    from tcps.store.store import Store


class Production:
    """The operations of the domain on one store, by the ids of its records."""

    def __init__(self, store: "Store") -> None:
        self._store = store

    # Work orders (domain 5, 6)

    def start_work_order(self, work_order_id: str) -> WorkOrder:
        """queued → in_progress, where its bucket has room."""
        with self._store.transaction("work_order.start") as draft:
            return orders.start(draft, work_order_id)

    def pull_work_order(self, bucket: Bucket | str | None = None) -> WorkOrder:
        """Start the order that the levelled schedule says is next, of the buckets that have room."""
        with self._store.transaction("work_order.pull") as draft:
            return pulling.pull(draft, None if bucket is None else parse_enum(Bucket, bucket))

    def complete_work_order(self, work_order_id: str, sku_id: str | None = None) -> WorkOrder:
        """in_progress → completed: a SKU is published, none is unfinished."""
        with self._store.transaction("work_order.complete") as draft:
            return orders.complete(draft, work_order_id, sku_id)

    def cancel_work_order(self, work_order_id: str, reason: str) -> WorkOrder:
        """→ cancelled; its unfinished SKUs are aborted, what waited for it goes on."""
        with self._store.transaction("work_order.cancel") as draft:
            return orders.cancel(draft, work_order_id, reason)

    def add_dependency(self, work_order_id: str, on_id: str) -> WorkOrder:
        """Make an order wait for another one."""
        with self._store.transaction("work_order.depend") as draft:
            return dependencies.add(draft, work_order_id, on_id)

    def remove_dependency(self, work_order_id: str, on_id: str) -> WorkOrder:
        """Let an order wait no longer."""
        with self._store.transaction("work_order.undepend") as draft:
            return dependencies.remove(draft, work_order_id, on_id)

    def reorder_queue(self, bucket: Bucket | str, ids: Sequence[str]) -> list[WorkOrder]:
        """Give a bucket's queue a new order; gives it."""
        with self._store.transaction("work_order.reorder") as draft:
            return list(kanban.reorder(draft, parse_enum(Bucket, bucket), tuple(ids)))

    def schedule(self, capacity: int | None = None) -> list[heijunka.Slot]:
        """The queued orders in levelled order, at most `capacity` of them."""
        with self._store.view() as view:
            most = policy.whole(view.policy(), "max_consecutive")
            return heijunka.schedule(view.queues(), view.recent(), most, capacity)

    def set_policy(self, key: str, value: object) -> Policy:
        """Change one setting, such as `wip_limits.cost`."""
        with self._store.transaction("policy.set") as draft:
            return policy.change(draft, key, value)

    # SKUs (domain 7)

    def run_stage(self, **fields: Any) -> Recorded:
        """`store_receipt`, and the SKU moves on when it passes and no Andon blocks."""
        with self._store.transaction("sku.run") as draft:
            return pipeline.run(draft, pipeline.read_run(**fields))

    def abort_sku(self, sku_id: str, reason: str) -> Sku:
        """Take a SKU off the line for good."""
        with self._store.transaction("sku.abort") as draft:
            return pipeline.abort(draft, sku_id, reason)

    def readiness(self, sku_id: str) -> Readiness:
        """Whether a SKU can be published, and all that stands against it."""
        with self._store.view() as view:
            return readiness(view, found(view, Sku, sku_id))

    # Andons (domain 10)

    def investigate_andon(self, andon_id: str) -> AndonEvent:
        """open → investigating."""
        with self._store.transaction("andon.investigate") as draft:
            return andon.investigate(draft, andon_id)

    def resolve_andon(self, andon_id: str, *, root_cause: str, fix: str, prevention: str) -> AndonEvent:
        """→ resolved, for good."""
        texts = {"root_cause": root_cause, "fix_applied": fix, "prevention_added": prevention}
        with self._store.transaction("andon.resolve") as draft:
            return andon.resolve(draft, andon_id, **texts)

    def blocking_andons(self, sku_id: str, stage: Stage | str | None = None) -> list[AndonEvent]:
        """The open Andons that hold a SKU at a stage (None: anywhere); without any it can proceed."""
        at = None if stage is None else parse_enum(Stage, stage)
        with self._store.view() as view:
            return andon.blocking(view, checked_id("sku_id", sku_id), at)

    # Root-cause analyses (domain 11)

    def start_analysis(self, andon_id: str, problem: str) -> Analysis:
        """Begin five whys for an Andon."""
        with self._store.transaction("root_cause.start") as draft:
            return root_cause.start(draft, andon_id, problem)

    def add_why(self, analysis_id: str, number: int, answer: str, question: str | None = None) -> Analysis:
        """Answer why 1 to 5, in turn; an answer that is there is replaced."""
        with self._store.transaction("root_cause.add_why") as draft:
            return root_cause.add_why(draft, analysis_id, number, answer, question)

    def finalize_analysis(self, analysis_id: str, cause: str, prevention: str) -> Analysis:
        """End it with root cause and prevention; gives what the cause suggests."""
        with self._store.transaction("root_cause.finalize") as draft:
            return root_cause.finalize(draft, analysis_id, cause, prevention)

    def analyses(self, andon_id: str | None = None) -> list[Analysis]:
        """The analyses of an Andon, or all of them, oldest first."""
        with self._store.view() as view:
            if andon_id is not None:
                return list(view.analyses_of(checked_id("andon_id", andon_id)))
            return list(view.analyses(Filter(), None))

    # Improvements (domain 12.3)

    def propose_improvements(self) -> list[Improvement]:
        """Bring the proposals up to date with the waste of the last seven days; all, best return first."""
        with self._store.transaction("kaizen.propose") as draft:
            kaizen.propose(draft)
            return sorted(draft.improvements(), key=kaizen.by_return)

    def apply_improvement(self, improvement_id: str, changes: str | None = None) -> Improvement:
        """proposed → measuring."""
        with self._store.transaction("kaizen.apply") as draft:
            return kaizen.apply(draft, improvement_id, changes)

    def measure_improvement(self, improvement_id: str) -> Improvement:
        """measuring → applied, seven days later at the earliest."""
        with self._store.transaction("kaizen.measure") as draft:
            return kaizen.measure(draft, improvement_id)

    def reject_improvement(self, improvement_id: str, reason: str) -> Improvement:
        """proposed → rejected."""
        with self._store.transaction("kaizen.reject") as draft:
            return kaizen.reject(draft, improvement_id, reason)

    # Maintenance (domain 13.1)

    def newest_maintenance(self, frequency: Frequency | str) -> TpmRun | None:
        """The newest run that covers a frequency and was not skipped."""
        with self._store.view() as view:
            return view.newest_run(parse_enum(Frequency, frequency), Outcome.OK, Outcome.FAILED)
