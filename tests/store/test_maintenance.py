"""Runs of maintenance on a store (domain 13.1): what each task finds, what is kept, what is skipped."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tcps.config import Format
from tcps.errors import TcpsError
from tcps.home import Home
from tcps.locks import lock
from tcps.model import Frequency, Json, Stage
from tcps.render import json_text
from tcps.rules import andon, pipeline, work_orders
from tcps.service import maintenance
from tcps.service.outside import Outside
from tcps.store import Store
from tests.backup.shelf import archives
from tests.conftest import FixedClock
from tests.rules.line import TEXTS, Unhurried, act, bring, order, published, run, setting, sku, trigger


class Full(Unhurried):
    """A disk that says how much of it is free, and that can refuse to write."""

    free = 50
    refuses = ""

    def space(self, path: Path | str) -> tuple[int, int]:
        self._refuse(Path(path) / "space")
        gib = 1024**3
        return self.free * gib, 100 * gib

    def replace_durably(self, path: Path, data: bytes) -> None:
        self._refuse(path)
        super().replace_durably(path, data)

    def append(self, fd: int, data: bytes, path: Path) -> None:
        self._refuse(path)
        super().append(fd, data, path)

    def probe(self, directory: Path) -> None:
        self._refuse(directory / "probe")
        super().probe(directory)

    def _refuse(self, path: Path) -> None:
        if self.refuses and self.refuses in str(path):
            raise TcpsError(f"cannot write {path}")


@pytest.fixture(autouse=True)
def own_backups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TCPS_BACKUP_DIR", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def usual() -> Path:
    """The folder of backups."""
    return Path(os.environ["XDG_DATA_HOME"]) / "tcps" / "backups"


@pytest.fixture
def disk() -> Full:
    return Full()


@pytest.fixture
def store(tmp_path: Path, clock: FixedClock, disk: Full) -> Iterator[Store]:
    with Store.create(tmp_path / "shop", actor="alice", clock=clock, disk=disk) as store:
        yield store


@pytest.fixture
def outside(tmp_path: Path) -> Outside:
    return Outside(Home(tmp_path / "home"))


def done(store: Store, outside: Outside, frequency: str = "daily", **options: Any) -> Json:
    made, error = maintenance.run(store, Frequency(frequency), outside, force=True, **options)
    assert error is None
    return made


def found(made: Json, task: str) -> list[tuple[str, str]]:
    (result,) = [one for one in made["tasks"] if one["task"] == task]
    return [(issue["severity"], issue["location"]) for issue in result["issues"]]


def details(made: Json, task: str) -> Json:
    (result,) = [one for one in made["tasks"] if one["task"] == task]
    given: Json = result["details"]
    return given


def damage(store: Store, sku_id: str) -> Path:
    (file,) = store.folder.rglob(f"{sku_id}/receipts/00000001-*.json")
    content = file.read_bytes()
    file.write_bytes(content.replace(b'"alice"', b'"mally"'))
    return file


# runs


def test_a_run_is_kept_with_what_it_found(store: Store, outside: Outside, clock: FixedClock) -> None:
    made = done(store, outside)
    assert (made["tpm_run_id"], made["frequency"], made["status"]) == ("TPM-1", "daily", "ok")
    assert (made["started_at"], made["finished_at"], made["actor"]) == (clock.now, clock.now, "alice")
    assert (made["score"], made["band"]) == (100.0, "excellent")
    (entry,) = store.change_history("tpm_run", "TPM-1")
    assert entry.changes[0].record is not None
    assert entry.changes[0].record["tasks"] == json.loads(json_text(made, Format.JSON))["tasks"]


def test_what_there_is_nothing_of_is_skipped_with_the_reason_and_costs_nothing(
    store: Store, outside: Outside
) -> None:
    made = done(store, outside, "quarterly")
    skipped = {one["task"]: one["details"]["reason"] for one in made["tasks"] if one["status"] == "skipped"}
    assert skipped == {"backup_verify": "there is no backup"}
    assert made["score"] == 100.0


def test_a_run_that_comes_too_early_is_skipped_and_kept(
    store: Store, outside: Outside, clock: FixedClock
) -> None:
    done(store, outside)
    clock.forward(hours=20)
    made, _ = maintenance.run(store, Frequency.DAILY, outside)
    assert (made["tpm_run_id"], made["status"], made["tasks"]) == ("TPM-2", "skipped", ())
    clock.forward(hours=1.6)
    made, _ = maintenance.run(store, Frequency.DAILY, outside)
    assert (made["status"], len(made["tasks"])) == ("ok", 5)


def test_a_longer_run_counts_as_a_shorter_one(store: Store, outside: Outside, clock: FixedClock) -> None:
    done(store, outside, "daily")
    made, _ = maintenance.run(store, Frequency.WEEKLY, outside)
    assert made["status"] == "ok"
    clock.forward(hours=21)
    assert maintenance.run(store, Frequency.DAILY, outside)[0]["status"] == "skipped"
    assert maintenance.run(store, Frequency.MONTHLY, outside)[0]["status"] == "ok"


def test_a_failed_run_is_no_reason_to_skip_the_next(store: Store, outside: Outside, disk: Full) -> None:
    disk.refuses = "/space"
    made = done(store, outside)
    assert (made["status"], found(made, "disk_space")) == ("failed", [("high", "disk_space")])
    assert made["score"] == 90.0
    assert [one["status"] for one in made["tasks"]] == ["ok", "ok", "failed", "ok", "ok"]
    disk.refuses = ""
    assert maintenance.run(store, Frequency.DAILY, outside)[0]["status"] == "ok"


def test_a_dry_run_keeps_and_changes_nothing(store: Store, outside: Outside, clock: FixedClock) -> None:
    event = trigger(store, "a")
    clock.forward(hours=3)
    made = done(store, outside, "weekly", dry_run=True)
    assert (made["tpm_run_id"], details(made, "andon_sweep")) == ("", {"changed": 1, "issues_found": 1})
    assert details(made, "checkpoint") == {"reason": "a dry run writes no checkpoint"}
    assert store.get_andon_event(event.id).escalation_level == 0
    assert done(store, outside)["tpm_run_id"] == "TPM-1"


def test_a_run_that_cannot_be_kept_is_shown_all_the_same(store: Store, outside: Outside, disk: Full) -> None:
    disk.refuses = "/ledger/"
    made, error = maintenance.run(store, Frequency.DAILY, outside)
    assert (made["tpm_run_id"], made["status"], len(made["tasks"])) == ("", "ok", 5)
    assert error is not None
    disk.refuses = ""
    assert done(store, outside)["tpm_run_id"] == "TPM-1"


# tasks


def test_verify_recent_looks_at_what_changed_and_at_what_was_broken(store: Store, outside: Outside) -> None:
    first, second = sku(store), sku(store)
    for made in (first, second):
        bring(store, made.id, Stage.TEST_EXECUTION)
    assert details(done(store, outside), "verify_recent")["skus"] == 2
    assert details(done(store, outside), "verify_recent")["skus"] == 0
    run(store, second.id, Stage.TEST_EXECUTION)
    damage(store, first.id)
    assert details(done(store, outside), "verify_recent")["skus"] == 1
    run(store, first.id, Stage.TEST_EXECUTION)
    broken = done(store, outside)
    assert found(broken, "verify_recent") == [("critical", first.id)]
    again = done(store, outside)
    assert (found(again, "verify_recent"), again["score"]) == ([("critical", first.id)], 80.0)
    store.repair()
    assert found(done(store, outside), "verify_recent") == []
    assert details(done(store, outside), "verify_recent")["skus"] == 0


def test_verify_all_looks_at_every_record(store: Store, outside: Outside) -> None:
    made = published(store)
    assert found(done(store, outside, "weekly"), "verify_all") == []
    file = damage(store, made.id)
    (order_file,) = store.folder.rglob("WO-1.json")
    order_file.unlink()
    places = found(done(store, outside, "weekly"), "verify_all")
    assert places == [
        ("critical", order_file.relative_to(store.folder).as_posix()),
        ("critical", file.relative_to(store.folder).as_posix()),
    ]


def test_what_is_published_and_incomplete_by_the_policy_of_now_is_an_issue(
    store: Store, outside: Outside, clock: FixedClock
) -> None:
    made = sku(store)
    bring(store, made.id, Stage.PUBLICATION)
    clock.forward(hours=20)
    run(store, made.id, Stage.PUBLICATION)
    act(store, pipeline.publish, made.id)
    assert found(done(store, outside, "weekly"), "verify_all") == []
    setting(store, "max_gap_hours", 12)
    assert found(done(store, outside, "weekly"), "verify_all") == [("high", made.id)]


def test_a_store_older_than_a_day_needs_a_backup_of_the_last_day(
    store: Store, outside: Outside, clock: FixedClock
) -> None:
    folder = str(usual())
    assert found(done(store, outside), "backup_age") == []
    clock.forward(hours=24, ms=1)
    late = done(store, outside)
    assert (found(late, "backup_age"), late["score"]) == ([("high", folder)], 90.0)
    made = store.backup()
    fresh = done(store, outside)
    assert found(fresh, "backup_age") == []
    assert details(fresh, "backup_age") == {"newest": made.name.made}
    clock.forward(hours=24, ms=1)
    assert found(done(store, outside), "backup_age") == [("high", folder)]
    clock.forward(hours=48)
    assert found(done(store, outside), "backup_age") == [("critical", folder)]


def test_only_a_backup_that_seems_good_counts(store: Store, outside: Outside, clock: FixedClock) -> None:
    order(store)
    full = store.backup()
    clock.forward(hours=1)
    order(store)
    last = store.backup("incremental")
    assert details(done(store, outside), "backup_age") == {"newest": last.name.made}
    content = last.path.read_bytes()
    last.path.write_bytes(content[:-10])
    assert details(done(store, outside), "backup_age") == {"newest": full.name.made}
    last.path.write_bytes(content)
    full.path.rename(full.path.with_name("elsewhere"))
    assert details(done(store, outside), "backup_age") == {"newest": None}


def test_the_newest_backup_is_read_with_all_of_its_chain(
    store: Store, outside: Outside, clock: FixedClock
) -> None:
    for kind in ("full", "full", "incremental"):
        order(store)
        clock.forward(hours=1)
        store.backup(kind)
    oldest, full, last = archives(usual())
    checked = details(done(store, outside, "weekly"), "backup_verify")
    assert checked == {"archive": last, "links": 1}
    place = usual()
    for name in (oldest, full):
        content = (place / name).read_bytes()
        (place / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert found(done(store, outside, "weekly"), "backup_verify") == [("critical", last)]
    (place / full).unlink()
    assert found(done(store, outside, "weekly"), "backup_verify") == [("critical", last)]


def test_old_backups_are_removed_but_for_the_newest_full_ones_and_what_is_needed(
    store: Store, outside: Outside, clock: FixedClock
) -> None:
    setting(store, "backup_retention_days", 2)
    for kind in ("full", "full", "full", "incremental", "full", "incremental", "incremental"):
        order(store)
        store.backup(kind)
        clock.forward(hours=24)
    place = usual()
    names = archives(place)
    tried = done(store, outside, "weekly", dry_run=True)
    assert details(tried, "prune_backups") == {"kept": 5, "removed": 2}
    assert archives(place) == names
    assert details(done(store, outside, "weekly"), "prune_backups") == {"kept": 5, "removed": 2}
    # the newest three full ones, those of two days, and what these go on from
    assert archives(place) == [names[n] for n in (1, 2, 4, 5, 6)]


def test_that_backups_cannot_be_removed_is_an_issue(
    store: Store, outside: Outside, clock: FixedClock, disk: Full
) -> None:
    order(store)
    store.backup()
    held = lock(usual() / f".tcps-{store.store_id}.lock", 0)
    held.acquire()
    with Store.open(store.folder, actor="alice", clock=clock, disk=disk, wait=0) as hasty:
        made = done(hasty, outside, "weekly")
    held.close()
    assert (found(made, "prune_backups"), made["status"]) == ([("low", "backups")], "ok")
    assert found(done(store, outside, "weekly"), "prune_backups") == []


def test_little_free_space_is_an_issue(store: Store, outside: Outside, disk: Full) -> None:
    assert found(done(store, outside), "disk_space") == []
    disk.free = 9
    assert found(done(store, outside), "disk_space") == [("high", str(store.folder))]
    disk.free = 4
    assert found(done(store, outside), "disk_space") == [("critical", str(store.folder))]


def test_the_sweep_reports_every_andon_that_is_timed_out(
    store: Store, outside: Outside, clock: FixedClock
) -> None:
    first = trigger(store, "a")
    clock.forward(hours=1)
    second = trigger(store, "b")
    clock.forward(hours=1)
    made = done(store, outside)
    assert found(made, "andon_sweep") == [("medium", first.id)]
    assert store.get_andon_event(first.id).escalation_level == 2
    assert store.get_andon_event(second.id).escalation_level == 1
    assert found(done(store, outside), "andon_sweep") == [("medium", first.id)]
    act(store, andon.resolve, first.id, **TEXTS)
    assert found(done(store, outside), "andon_sweep") == []


def test_the_check_of_deadlines_reports_every_order_that_is_late(
    store: Store, outside: Outside, clock: FixedClock
) -> None:
    late, calm = order(store, bucket="security"), order(store, bucket="technical_debt")
    clock.forward(hours=24)
    made = done(store, outside)
    assert found(made, "sla_check") == [("low", late.id)]
    assert store.get_work_order(late.id).sla_andon_id == "ANDON-1"
    assert store.get_work_order(calm.id).sla_andon_id is None
    assert found(done(store, outside), "sla_check") == [("low", late.id)]


def test_a_checkpoint_that_cannot_be_written_is_an_issue(store: Store, outside: Outside, disk: Full) -> None:
    order(store)
    disk.refuses = "/checkpoint"
    assert found(done(store, outside, "weekly"), "checkpoint") == [("medium", "checkpoint")]
    disk.refuses = ""
    assert details(done(store, outside, "weekly"), "checkpoint") == {"size": 2}
    assert (store.folder / "checkpoint").exists()


def test_what_was_published_in_ninety_days_is_audited(
    store: Store, outside: Outside, clock: FixedClock
) -> None:
    old = published(store)
    clock.forward(hours=24 * 60)
    new = published(store)
    assert details(done(store, outside, "quarterly"), "audit_published") == {"skus": 2}
    for made in (old, new):
        trigger(store, made.id)
    assert found(done(store, outside, "quarterly"), "audit_published") == [
        ("high", old.id),
        ("high", new.id),
    ]
    clock.forward(hours=24 * 31)
    assert found(done(store, outside, "quarterly"), "audit_published") == [("high", new.id)]


def test_more_issues_than_a_run_keeps_are_counted(store: Store, outside: Outside, clock: FixedClock) -> None:
    with store.transaction("many") as draft:
        for n in range(150):
            andon.trigger(draft, sku_id=f"s-{n}", failure_type="test_failure")
    clock.forward(hours=2)
    made = done(store, outside)
    assert len(found(made, "andon_sweep")) == 100
    assert details(made, "andon_sweep")["issues_found"] == 150


# health


def test_health_is_that_of_the_newest_results(store: Store, outside: Outside, clock: FixedClock) -> None:
    young = maintenance.show_health(store)
    assert (young["status"], young["score"], young["maintenance_compliance"]) == ("healthy", 100.0, 1.0)
    clock.forward(hours=49)
    late = maintenance.show_health(store)
    bad = [one["component"] for one in late["components"] if one["status"] != "healthy"]
    assert (late["status"], bad, late["maintenance_compliance"]) == ("degraded", ["ledger", "tpm"], 0.0)
    done(store, outside)
    assert maintenance.show_health(store)["status"] == "healthy"
    daily = maintenance.show_health(store)["frequencies"][0]
    assert daily == {"frequency": "daily", "last_success": clock.now, "due": True, "in_time": True}


def test_damage_that_a_run_found_makes_the_system_unhealthy_until_a_run_finds_none(
    store: Store, outside: Outside
) -> None:
    made = published(store)
    damage(store, made.id)
    done(store, outside, "weekly")
    sick = maintenance.show_health(store)
    assert (sick["status"], sick["band"]) == ("unhealthy", "fair")
    assert [issue["severity"] for issue in sick["issues"]] == ["critical", "critical"]
    done(store, outside, "daily")
    assert maintenance.show_health(store)["status"] == "unhealthy"
    store.repair()
    done(store, outside, "weekly")
    assert maintenance.show_health(store)["status"] == "healthy"


def test_a_store_without_a_backup_is_degraded_until_there_is_one(store: Store, clock: FixedClock) -> None:
    def health() -> tuple[str, str]:
        components = maintenance.show_health(store)["components"]
        (one,) = [one for one in components if one["component"] == "backups"]
        return one["status"], one["detail"]

    order(store)
    clock.forward(hours=24)
    assert health() == ("healthy", "there is no good one")
    clock.forward(ms=1)
    assert health() == ("degraded", "there is no good one")
    made = store.backup()
    assert health() == ("healthy", f"the newest good one is of {made.name.made}")
    clock.forward(hours=24, ms=1)
    assert health() == ("degraded", f"the newest good one is of {made.name.made}")


def component(store: Store, name: str) -> tuple[str, str]:
    """How a component is, and why."""
    (one,) = [one for one in maintenance.show_health(store)["components"] if one["component"] == name]
    return one["status"], one["detail"]


def test_a_store_that_cannot_be_written_to_is_unhealthy(store: Store, disk: Full) -> None:
    order(store)
    before = {path for path in store.folder.rglob("*") if "index" not in path.name}
    assert component(store, "store") == ("healthy", "it can be read and written")
    assert {path for path in store.folder.rglob("*") if "index" not in path.name} == before
    disk.refuses = "/probe"
    assert component(store, "store") == ("unhealthy", f"cannot write {store.folder / 'probe'}")
    assert maintenance.show_health(store)["status"] == "unhealthy"


def test_a_store_whose_newest_entry_cannot_be_read_is_unhealthy(store: Store) -> None:
    order(store)
    maintenance.show_health(store)
    (segment,) = (store.folder / "ledger").glob("*.jsonl")
    content = segment.read_bytes()
    segment.write_bytes(content[:-10] + b"?" * 9 + b"\n")
    status, detail = component(store, "store")
    assert (status, "ledger" in detail) == ("unhealthy", True)
    segment.write_bytes(content)
    assert component(store, "store")[0] == "healthy"


class Altering(Full):
    """A disk that does not keep what it is given."""

    def read(self, path: Path | str, most: int | None = None) -> bytes | None:
        content = super().read(path, most)
        return b"" if ".probe-" in str(path) else content


def test_a_disk_that_does_not_keep_what_it_is_given_is_found(tmp_path: Path, clock: FixedClock) -> None:
    with Store.create(tmp_path / "shop", actor="alice", clock=clock, disk=Altering()) as store:
        status, detail = component(store, "store")
        assert (status, "did not hold what was written to it" in detail) == ("unhealthy", True)
        assert [path for path in store.folder.iterdir() if "probe" in path.name] == []


def test_an_index_that_cannot_be_kept_degrades_the_system(store: Store, clock: FixedClock) -> None:
    order(store)
    assert component(store, "index") == ("healthy", "it is at the ledger's head")
    store.close()
    for path in store.folder.glob("index.sqlite*"):
        path.unlink()
    (store.folder / "index.sqlite").mkdir()
    with Store.open(store.folder, actor="bob", clock=clock, disk=Full()) as another:
        assert component(another, "index") == (
            "degraded",
            "it cannot be kept: every command reads the whole ledger",
        )
        assert len(another.list_work_orders()) == 1


def test_an_index_that_is_missing_while_somebody_writes_is_let_be(store: Store, clock: FixedClock) -> None:
    """A reader then has one in memory, and waits for nobody (format 8.3)."""
    order(store)
    with store.transaction("long") as draft:
        andon.trigger(draft, sku_id="a", failure_type="test_failure")
        for path in store.folder.glob("index.sqlite*"):
            path.unlink()
        with Store.open(store.folder, actor="bob", clock=clock, disk=Full()) as another:
            assert component(another, "index") == ("healthy", "it is at the ledger's head")
            assert not (store.folder / "index.sqlite").exists()


def test_a_graph_that_is_kept_and_lacks_an_entry_for_a_day_degrades_the_system(
    store: Store, clock: FixedClock
) -> None:
    order(store)
    clock.forward(hours=25)
    assert component(store, "ontology") == ("healthy", "no graph is kept: the next question makes one")
    store.graph_content()
    assert component(store, "ontology") == ("healthy", "the graph is at the ledger's head")
    order(store)
    lacking = clock.now
    clock.forward(hours=1)
    order(store)
    clock.forward(hours=23)
    assert component(store, "ontology")[0] == "healthy"
    clock.forward(ms=1)
    status, detail = component(store, "ontology")
    assert (status, f"since {lacking}" in detail) == ("degraded", True)
    store.graph_content()
    assert component(store, "ontology")[0] == "healthy"
    order(store)
    clock.forward(hours=25)
    store.ontology().kept.forget()
    assert component(store, "ontology")[0] == "healthy"


def test_a_graph_that_was_another_one_degrades_the_system_until_the_next_comparison(
    store: Store, outside: Outside
) -> None:
    import pyoxigraph as ox

    order(store)
    store.graph_content()
    kept = store.ontology().kept
    pointer = kept.current()
    assert pointer is not None
    forged = ox.Store(kept.path(pointer.generation))
    forged.add(ox.Quad(ox.NamedNode("urn:tcps:x"), ox.NamedNode("a:p"), ox.Literal("forged")))
    forged.flush()
    del forged
    kept.publish(replace(pointer, files=kept.described(pointer.generation)))
    assert found(done(store, outside, "monthly"), "rebuild_ontology") == [("medium", "ontology")]
    assert component(store, "ontology")[0] == "degraded"
    assert found(done(store, outside, "monthly"), "rebuild_ontology") == []
    assert component(store, "ontology")[0] == "healthy"


def test_maintenance_keeps_no_graph_where_nobody_has_asked_for_one(store: Store, outside: Outside) -> None:
    order(store)
    done(store, outside, "monthly")
    assert store.ontology().kept.current() is None
    store.graph_content()
    made = details(done(store, outside, "monthly"), "rebuild_ontology")
    assert made["same"] is True
    assert store.ontology().kept.current() is not None


def test_critical_andons_and_buckets_above_their_limit_degrade_the_system(store: Store) -> None:
    event = trigger(store, "a", severity="critical")
    for _ in range(2):
        act(store, work_orders.start, order(store, bucket="cost").id)
    setting(store, "wip_limits.cost", 1)
    report = maintenance.show_health(store)
    bad = {one["component"]: one["detail"] for one in report["components"] if one["status"] != "healthy"}
    assert bad == {
        "andon": f"critical and not resolved: {event.id}",
        "kanban": "above the WIP limit: cost",
    }
