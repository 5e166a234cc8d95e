"""Policy: defaults, values that are allowed, gates only stricter (domain 14, 9)."""

from typing import Any

import pytest

from tcps.model import Policy, Stage
from tcps.rules import policy, thresholds
from tcps.store import Store
from tests.rules.line import act, bring, record, refused, run, setting, sku, unchanged

RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"


def effective(store: Store) -> dict[str, Any]:
    with store.view() as view:
        return policy.effective(view.policy())


def test_every_setting_has_the_default_of_the_domain() -> None:
    limits = {
        "reliability": 5,
        "security": 5,
        "cost": 5,
        "compliance": 5,
        "features": 10,
        "technical_debt": 5,
    }
    hours = {"reliability": 168, "security": 24, "cost": 720, "compliance": 168, "features": 720}
    expected: dict[str, Any] = {f"wip_limits.{bucket}": limit for bucket, limit in limits.items()}
    expected |= {f"sla_hours.{bucket}": n for bucket, n in hours.items()}
    expected |= {
        "sla_hours.technical_debt": "none",
        "max_consecutive": 2,
        "max_gap_hours": 24,
        "require_five_whys": False,
        "completion_requires_sku": True,
        "auto_publish": False,
        "backup_retention_days": 30,
        "backup_dir": "none",
        "backup_recipients": "none",
        "gates.test_execution.tests_total": 1,
        "gates.test_execution.test_pass_rate": 0.95,
        "gates.test_execution.line_coverage": 0.80,
        "gates.quality_metrics.test_pass_rate": 0.95,
        "gates.quality_metrics.line_coverage": 0.80,
        "gates.quality_metrics.first_pass_yield": 0.90,
        "gates.quality_metrics.gate_pass_rate": 0.95,
        "gates.quality_metrics.defect_rate": 0.05,
        "gates.release_verification.sbom_components": 1,
        "gates.smoke_test.smoke_total": 1,
        "gates.marketplace_validation.listing_features": 1,
        "licences_allowed": [
            "Apache-2.0",
            "MIT",
            "MIT-0",
            "BSD-3-Clause",
            "BSD-2-Clause",
            "0BSD",
            "ISC",
            "Zlib",
            "Unlicense",
            "CC0-1.0",
            "PSF-2.0",
            "Python-2.0",
            "MPL-2.0",
        ],
    }
    assert policy.effective(Policy()) == expected


@pytest.mark.parametrize(
    ("key", "given_as", "value"),
    [
        ("wip_limits.cost", 1, 1),
        ("wip_limits.cost", "UNLIMITED", "unlimited"),
        ("sla_hours.cost", 0.5, 0.5),
        ("sla_hours.cost", "12", 12),
        ("sla_hours.cost", "None", "none"),
        ("max_consecutive", "3", 3),
        ("max_gap_hours", 24, 24),
        ("max_gap_hours", 0.25, 0.25),
        ("require_five_whys", "true", True),
        ("completion_requires_sku", False, False),
        ("auto_publish", " TRUE ", True),
        ("backup_retention_days", 1, 1),
        ("backup_dir", " /mnt/backups ", "/mnt/backups"),
        ("backup_dir", "None", "none"),
        ("backup_dir", "s3://bucket/backups", "s3://bucket/backups"),
        ("backup_recipients", f" {RECIPIENT},{RECIPIENT} ", f"{RECIPIENT} {RECIPIENT}"),
        ("backup_recipients", "none", "none"),
        ("gates.test_execution.line_coverage", "0.8", 0.8),
        ("gates.test_execution.line_coverage", 1, 1.0),
        ("gates.test_execution.tests_total", "50", 50),
        ("gates.quality_metrics.defect_rate", 0, 0.0),
        ("gates.quality_metrics.defect_rate", 0.05, 0.05),
        ("gates.compilation.compile_warnings", 0, 0),
        ("gates.compilation.compile_warnings", 10_000, 10_000),
        ("licences_allowed", "ISC, MIT", ["MIT", "ISC"]),
        ("licences_allowed", ["MIT", "MIT"], ["MIT"]),
    ],
)
def test_a_setting_takes_a_value_that_the_domain_allows(
    store: Store, key: str, given_as: object, value: object
) -> None:
    act(store, policy.change, key, given_as)
    assert effective(store)[key] == value
    with unchanged(store):
        act(store, policy.change, key, given_as)


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("nothing", 1, "invalid_setting"),
        ("", 1, "invalid_setting"),
        ("wip_limits", 1, "invalid_setting"),
        ("wip_limits.none", 1, "invalid_setting"),
        ("wip_limits.cost", 0, "invalid_limit"),
        ("sla_hours.cost", 0, "invalid_setting"),
        ("sla_hours.cost", -1, "invalid_setting"),
        ("sla_hours.cost", "soon", "invalid_setting"),
        ("sla_hours.cost", True, "invalid_setting"),
        ("max_consecutive", 0, "invalid_setting"),
        ("max_consecutive", 1.5, "invalid_setting"),
        ("max_gap_hours", 0, "invalid_setting"),
        ("max_gap_hours", 24.1, "invalid_setting"),
        ("max_gap_hours", float("nan"), "invalid_setting"),
        ("require_five_whys", 1, "invalid_setting"),
        ("auto_publish", "yes", "invalid_setting"),
        ("backup_retention_days", 0, "invalid_setting"),
        ("backup_dir", "backups", "invalid_setting"),
        ("backup_dir", 7, "invalid_setting"),
        ("backup_recipients", RECIPIENT[:-1], "invalid_setting"),
        ("backup_recipients", [RECIPIENT], "invalid_setting"),
        ("backup_dir", "/a\nb", "invalid_setting"),
        ("gates.test_execution.nothing", 1, "invalid_setting"),
        ("gates.nothing.line_coverage", 1, "invalid_setting"),
        ("gates.security_scan.security_findings_low", 0, "invalid_setting"),
        ("gates.test_execution.line_coverage", 1.1, "invalid_setting"),
        ("gates.test_execution.line_coverage", "much", "invalid_setting"),
        ("gates.test_execution.tests_total", 1.5, "invalid_setting"),
        ("gates.compilation.compile_warnings", -1, "invalid_setting"),
        ("gates.test_execution.line_coverage", 0.79, "threshold_too_loose"),
        ("gates.test_execution.test_pass_rate", 0.94, "threshold_too_loose"),
        ("gates.test_execution.tests_total", 0, "threshold_too_loose"),
        ("gates.quality_metrics.test_pass_rate", 0.94, "threshold_too_loose"),
        ("gates.quality_metrics.line_coverage", 0.79, "threshold_too_loose"),
        ("gates.quality_metrics.first_pass_yield", 0.89, "threshold_too_loose"),
        ("gates.quality_metrics.gate_pass_rate", 0.94, "threshold_too_loose"),
        ("gates.quality_metrics.defect_rate", 0.06, "threshold_too_loose"),
        ("gates.release_verification.sbom_components", 0, "threshold_too_loose"),
        ("gates.smoke_test.smoke_total", 0, "threshold_too_loose"),
        ("gates.marketplace_validation.listing_features", 0, "threshold_too_loose"),
        ("licences_allowed", ["MIT", "GPL-3.0-only"], "threshold_too_loose"),
        ("licences_allowed", "mit", "threshold_too_loose"),
        ("licences_allowed", [], "invalid_setting"),
        ("licences_allowed", 5, "invalid_setting"),
    ],
)
def test_an_unknown_setting_or_value_is_refused(store: Store, key: str, value: object, code: str) -> None:
    with refused(store, code):
        act(store, policy.change, key, value)


def test_the_allowed_licences_are_those_of_the_policy() -> None:
    assert thresholds.licences(Policy()) == thresholds.LICENCES
    assert thresholds.licences(Policy(settings={"licences_allowed": ["MIT"]})) == ("MIT",)


def test_a_bound_may_be_loosened_again_down_to_the_domains(store: Store) -> None:
    setting(store, "gates.test_execution.line_coverage", 0.99)
    setting(store, "gates.test_execution.line_coverage", 0.8)
    made = sku(store)
    bring(store, made.id, Stage.SECURITY_SCAN)


def test_a_stricter_bound_applies_to_the_next_evaluation_and_changes_no_receipt(store: Store) -> None:
    made = sku(store)
    bring(store, made.id, Stage.TEST_EXECUTION)
    kept = record(store, made.id, Stage.TEST_EXECUTION).receipt
    setting(store, "gates.test_execution.line_coverage", 0.95)
    assert store.get_receipt(kept.id) == kept
    assert kept.status == "pass"
    again = run(store, made.id, Stage.TEST_EXECUTION)
    assert (again.receipt.status, again.advanced) == ("fail", False)
