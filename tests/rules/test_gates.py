"""The ten gates: every rule with passing, failing, missing, invalid and boundary values (domain 9)."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcps.errors import InvalidInput
from tcps.model import (
    STAGES,
    Artifact,
    FailureType,
    Json,
    Policy,
    Receipt,
    ReceiptStatus,
    Stage,
)
from tcps.rules import gates
from tests.rules.line import ARTIFACTS, HASH, OTHER_HASH, PASSING

SHACL, COMPILE, TEST, SECURITY, BUILD, QUALITY, RELEASE, SMOKE, LISTING, PUBLICATION = STAGES
GONE = object()
NO_COUNTS = [-1, 0.0, 0.5, "0", True, False, [], math.nan]
NO_RATES = [-0.01, 1.01, "0.9", True, False, [0.9], math.nan, math.inf, -math.inf, 10**400]
NO_FLAGS = [1, 0, "true", [True]]
NO_TEXTS = [5, True, ["text"], {}]
NO_HASHES = [HASH.upper(), HASH[:-1], HASH + "0", f" {HASH[:-1]}", f"{HASH}\n", 5, True]
URLS = ["https://example.org/app", "http://example.org", "HTTPS://Example.org:8080/a?b=c#d", "http://[::1]/"]
NO_URLS = [
    "",
    "example.org",
    "ftp://example.org",
    "https://",
    "https:///path",
    "https://:80/",
    "https://user@example.org",
    "https://user:secret@example.org",
    "https://example.org/a b",
    "https://example.org/\n",
    " https://example.org",
    "http://[",
    "javascript:alert(1)",
]
Violation = tuple[str, str]


def passed(stage: Stage, status: ReceiptStatus = ReceiptStatus.PASS) -> Receipt:
    """An earlier receipt of the stage."""
    return Receipt(sku_id="a", stage=stage, status=status, metrics=PASSING[stage])


def judge(stage: Stage, policy: Policy | None = None, **evidence: Any) -> list[gates.RuleResult]:
    """The gate's results, on a run that passes but for what is given."""
    given: dict[str, Any] = {
        "metrics": PASSING[stage],
        "artifacts": tuple(Artifact(**one) for one in ARTIFACTS),
        "newest": {before: passed(before) for before in STAGES[: stage.number - 1]},
    }
    return gates.evaluate(stage, gates.Evidence(**(given | evidence)), policy or Policy())


def changed(stage: Stage, **metrics: Any) -> Json:
    """The passing metrics with some of them changed, or GONE."""
    return {name: value for name, value in (PASSING[stage] | metrics).items() if value is not GONE}


def violated(stage: Stage, policy: Policy | None = None, **metrics: Any) -> list[Violation]:
    """What is violated when these metrics of a passing run are changed."""
    results = judge(stage, policy, metrics=changed(stage, **metrics))
    return [(result.metric, str(result.reason)) for result in gates.violations(results)]


def limits(stage: Stage, **bounds: Any) -> Policy:
    return Policy(settings={f"gates.{stage}.{metric}": bound for metric, bound in bounds.items()})


@pytest.mark.parametrize("stage", STAGES)
def test_a_run_whose_metrics_meet_every_rule_passes_its_gate(stage: Stage) -> None:
    results = judge(stage)
    assert results
    assert {(result.gate, result.passed, result.reason) for result in results} == {(stage, True, None)}


@pytest.mark.parametrize("stage", STAGES)
def test_without_any_metric_every_rule_of_the_caller_is_violated_as_missing(stage: Stage) -> None:
    results = judge(stage, metrics={})
    failed = {result.metric: result.reason for result in gates.violations(results)}
    assert set(failed) >= set(PASSING[stage]) - {"tests_passed", "tests_failed"} - (
        {"artifact_sha256"} if stage in (SMOKE, PUBLICATION) else set()
    )
    assert {reason for metric, reason in failed.items() if metric != "artifact_listed"} == {"missing"}


MANDATORY = [
    (stage, metric)
    for stage in STAGES
    for metric in PASSING[stage]
    if (stage, metric) not in ((SMOKE, "artifact_sha256"), (PUBLICATION, "artifact_sha256"))
]


@pytest.mark.parametrize(("stage", "metric"), MANDATORY)
@pytest.mark.parametrize("value", [GONE, None])
def test_a_metric_that_is_missing_or_null_is_a_violation(stage: Stage, metric: str, value: object) -> None:
    found = violated(stage, **{metric: value})
    named = [reason for name, reason in found if metric in name.split(" + ")]
    derived = ["missing"] if metric in ("tests_passed", "tests_failed") else []
    assert (named or derived)[0] == "missing"
    assert found


COUNTS = [
    (SHACL, "shacl_violations"),
    (COMPILE, "compile_errors"),
    (TEST, "tests_total"),
    *((SECURITY, metric) for metric in PASSING[SECURITY]),
    (BUILD, "nondeterminism_findings_high"),
    (RELEASE, "artifact_size"),
    (RELEASE, "sbom_components"),
    (RELEASE, "dependencies_unpinned"),
    (RELEASE, "licenses_violating"),
    (SMOKE, "smoke_total"),
    (SMOKE, "smoke_failed"),
]


@pytest.mark.parametrize(("stage", "metric"), COUNTS)
@pytest.mark.parametrize("value", NO_COUNTS, ids=str)
def test_a_count_is_an_integer_of_at_least_zero(stage: Stage, metric: str, value: object) -> None:
    assert (metric, "invalid") in violated(stage, **{metric: value})


RATES = [(TEST, "line_coverage"), (TEST, "test_pass_rate"), *((QUALITY, m) for m in PASSING[QUALITY])]


@pytest.mark.parametrize(("stage", "metric"), RATES)
@pytest.mark.parametrize("value", NO_RATES, ids=lambda value: str(value)[:8] if value != 10**400 else "huge")
def test_a_rate_is_a_finite_number_from_zero_to_one(stage: Stage, metric: str, value: object) -> None:
    assert violated(stage, **{metric: value}) == [(metric, "invalid")]


@pytest.mark.parametrize(
    ("stage", "metric"),
    [(SHACL, "shacl_conforms"), (PUBLICATION, "entitlement_active"), (PUBLICATION, "health_check_passed")],
)
def test_a_flag_is_true_and_nothing_like_it(stage: Stage, metric: str) -> None:
    assert violated(stage, **{metric: True}) == []
    assert violated(stage, **{metric: False}) == [(metric, "threshold")]
    for value in NO_FLAGS:
        assert violated(stage, **{metric: value}) == [(metric, "invalid")]


@pytest.mark.parametrize(
    ("stage", "metric"),
    [
        (SHACL, "shacl_violations"),
        (COMPILE, "compile_errors"),
        *((SECURITY, metric) for metric in PASSING[SECURITY]),
        (BUILD, "nondeterminism_findings_high"),
        (RELEASE, "dependencies_unpinned"),
        (RELEASE, "licenses_violating"),
        (SMOKE, "smoke_failed"),
    ],
)
def test_a_count_of_faults_is_zero(stage: Stage, metric: str) -> None:
    assert violated(stage, **{metric: 0}) == []
    assert violated(stage, **{metric: 1}) == [(metric, "threshold")]


@pytest.mark.parametrize(("stage", "metric"), [(RELEASE, "sbom_components"), (SMOKE, "smoke_total")])
def test_a_count_of_what_must_be_there_is_at_least_one(stage: Stage, metric: str) -> None:
    assert violated(stage, **{metric: 1}) == []
    assert violated(stage, **{metric: 0}) == [(metric, "threshold")]


@pytest.mark.parametrize(
    ("stage", "metric", "at", "beyond"),
    [
        (TEST, "line_coverage", 0.80, 0.7999),
        (TEST, "line_coverage", 0.8, 0.75),
        (QUALITY, "test_pass_rate", 0.95, 0.9499),
        (QUALITY, "line_coverage", 0.80, 0.7999),
        (QUALITY, "first_pass_yield", 0.90, 0.8999),
        (QUALITY, "defect_rate", 0.05, 0.0501),
        (QUALITY, "gate_pass_rate", 0.95, 0.9499),
    ],
)
def test_the_bound_of_a_rate_is_inclusive(stage: Stage, metric: str, at: float, beyond: float) -> None:
    assert violated(stage, **{metric: at}) == []
    assert violated(stage, **{metric: beyond}) == [(metric, "threshold")]


# compilation


def test_warnings_of_the_compiler_have_no_limit_unless_one_is_set() -> None:
    assert violated(COMPILE, compile_warnings=10**6) == []
    limit = limits(COMPILE, compile_warnings=2)
    assert violated(COMPILE, limit, compile_warnings=2) == []
    assert violated(COMPILE, limit, compile_warnings=3) == [("compile_warnings", "threshold")]
    assert violated(COMPILE, limit) == [("compile_warnings", "missing")]
    assert violated(COMPILE, limit, compile_warnings="2") == [("compile_warnings", "invalid")]


# test execution


def counted(total: object, passed: object, failed: object, **more: Any) -> list[Violation]:
    return violated(TEST, tests_total=total, tests_passed=passed, tests_failed=failed, **more)


def test_a_pass_rate_of_exactly_ninety_five_percent_passes() -> None:
    assert counted(20, 19, 1) == []
    assert counted(1000, 950, 50) == []
    assert counted(1000, 949, 51) == [("test_pass_rate", "threshold")]


def test_no_tests_at_all_is_a_violation() -> None:
    assert counted(0, 0, 0) == [("tests_total", "threshold"), ("test_pass_rate", "invalid")]


def test_passed_and_failed_tests_add_up_to_all_of_them() -> None:
    assert counted(20, 20, 1) == [("tests_passed + tests_failed", "inconsistent")]
    assert counted(20, 21, 0) == [
        ("tests_passed + tests_failed", "inconsistent"),
        ("test_pass_rate", "invalid"),
    ]
    assert counted(20, 20, 0, tests_skipped=7) == []


@pytest.mark.parametrize("value", NO_COUNTS, ids=str)
def test_passed_and_failed_tests_are_counts(value: object) -> None:
    assert ("tests_passed + tests_failed", "invalid") in counted(20, value, 0)
    assert ("tests_passed + tests_failed", "invalid") in counted(20, 20, value)


@pytest.mark.parametrize(
    ("rate", "found"),
    [
        (0.95, []),
        (0.9505, []),
        (0.9495, []),
        (0.9506, [("test_pass_rate", "inconsistent")]),
        (0.9494, [("test_pass_rate", "inconsistent")]),
        (1, [("test_pass_rate", "inconsistent")]),
    ],
)
def test_a_given_pass_rate_agrees_with_the_computed_one(rate: float, found: list[Violation]) -> None:
    assert counted(20, 19, 1, test_pass_rate=rate) == found


def test_a_given_pass_rate_within_tolerance_does_not_lift_the_computed_one() -> None:
    assert counted(10_000, 9_499, 501, test_pass_rate=0.95) == [("test_pass_rate", "threshold")]


@given(st.integers(1, 10**6), st.data())
def test_the_computed_pass_rate_decides(total: int, data: st.DataObject) -> None:
    ok = data.draw(st.integers(0, total))
    assert counted(total, ok, total - ok) == (
        [] if 100 * ok >= 95 * total else [("test_pass_rate", "threshold")]
    )


# what was given beside what was read


def given_beside(stage: Stage, metric: str, read: object, given_value: object) -> list[Violation]:
    """What is violated when a report says one thing and the caller another."""
    results = judge(stage, metrics=changed(stage, **{metric: read}), given={metric: given_value})
    return [(result.metric, str(result.reason)) for result in gates.violations(results)]


@pytest.mark.parametrize(
    ("read", "given_value", "agree"),
    [
        (0.9, 0.9, True),
        (0.9, 0.9005, True),
        (0.9, 0.8995, True),
        (0.9, 0.90051, False),
        (0.9, 0.89949, False),
        (1.0, 1, True),
        (0.9, "0.9", False),
        (0.9, math.nan, False),
        (1.0, True, False),
        (0.9, None, False),
    ],
)
def test_a_rate_that_is_given_is_within_the_tolerance_of_the_one_that_is_read(
    read: float, given_value: object, agree: bool
) -> None:
    found = given_beside(TEST, "line_coverage", read, given_value)
    assert found == ([] if agree else [("line_coverage", "inconsistent")])


@pytest.mark.parametrize(
    ("given_value", "agree"),
    [(0, True), (1, False), (0.0, False), (False, False), ("0", False), (None, False)],
)
def test_any_other_metric_that_is_given_equals_the_one_that_is_read(given_value: object, agree: bool) -> None:
    found = given_beside(SECURITY, "security_findings_low", 0, given_value)
    assert found == ([] if agree else [("security_findings_low", "inconsistent")])


def test_what_is_read_decides_however_well_the_given_agrees() -> None:
    assert given_beside(TEST, "line_coverage", 0.7996, 0.8) == [("line_coverage", "threshold")]


def test_an_agreement_is_reported_with_both_values() -> None:
    results = judge(TEST, given={"line_coverage": 0.5})
    (result,) = gates.violations(results)
    assert (result.operator, result.expected, result.actual) == ("=", 0.9, 0.5)
    assert gates.failure_type(TEST, [result]) == "low_coverage"


# security scan


@pytest.mark.parametrize(
    ("counts", "severity"),
    [
        ((1, 1, 1, 1), "critical"),
        ((0, 2, 1, 1), "high"),
        ((0, 0, 3, 1), "medium"),
        ((0, 0, 0, 1), "low"),
        ((0, 0, 0, 0), "critical"),
        ((0, 0, 0, None), "critical"),
        ((0, 0, "0", 1), "critical"),
        ((0, 1, 0, -1), "critical"),
    ],
)
def test_a_security_failure_is_as_severe_as_the_highest_class_with_findings(
    counts: tuple[object, ...], severity: str
) -> None:
    metrics = dict(zip(PASSING[SECURITY], counts, strict=True))
    assert gates.failure_severity(FailureType.SECURITY_VULNERABILITY, metrics) == severity


# deterministic build


@pytest.mark.parametrize("metric", ["build_hash_1", "build_hash_2"])
@pytest.mark.parametrize("value", NO_HASHES)
def test_a_build_hash_is_sixty_four_lower_case_hex_digits(metric: str, value: object) -> None:
    assert (metric, "invalid") in violated(BUILD, **{metric: value})


def test_the_two_build_hashes_are_equal() -> None:
    assert violated(BUILD, build_hash_2=OTHER_HASH) == [("build_hash_2", "threshold")]
    assert violated(BUILD, build_hash_1=OTHER_HASH, build_hash_2=OTHER_HASH) == []


# release verification


def release(**evidence: Any) -> list[Violation]:
    return [(found.metric, str(found.reason)) for found in gates.violations(judge(RELEASE, **evidence))]


def test_the_released_artifact_is_the_one_that_was_built() -> None:
    built = {before: passed(before) for before in STAGES[:6]}
    other = Receipt(sku_id="a", stage=BUILD, metrics={"build_hash_1": OTHER_HASH})
    unhashed = Receipt(sku_id="a", stage=BUILD)
    for receipt in (other, unhashed):
        assert release(newest=built | {BUILD: receipt}) == [("artifact_sha256", "threshold")]
    assert violated(RELEASE, artifact_sha256="x") == [
        ("artifact_sha256", "invalid"),
        ("artifact_listed", "threshold"),
    ]


@pytest.mark.parametrize(
    "artifact",
    [{"sha256": OTHER_HASH}, {"size": 8}, {"size": 0}],
)
def test_the_released_artifact_is_listed_with_its_digest_and_size(artifact: Json) -> None:
    app, bom = ARTIFACTS
    listed = (Artifact(**(app | artifact)), Artifact(**bom))
    assert release(artifacts=listed) == [("artifact_listed", "threshold")]


@pytest.mark.parametrize("name", ["bom.json", "sbom.json", "app.cdx.json", "app.spdx.json"])
def test_an_sbom_is_known_by_its_name(name: str) -> None:
    app = Artifact(**ARTIFACTS[0])
    assert release(artifacts=(app, Artifact(name=name, sha256=HASH, size=1))) == []


@pytest.mark.parametrize("name", ["mybom.json", "bom.xml", "cdx.json", "bom.json.gz", "BOM.JSON"])
def test_another_file_is_no_sbom(name: str) -> None:
    app = Artifact(**ARTIFACTS[0])
    assert release(artifacts=(app, Artifact(name=name, sha256=HASH, size=1))) == [
        ("sbom_listed", "threshold")
    ]


def test_an_artifact_has_at_least_one_byte() -> None:
    app, bom = ARTIFACTS
    listed = (Artifact(**(app | {"size": 0})), Artifact(**bom))
    metrics = changed(RELEASE, artifact_size=0)
    assert release(artifacts=listed, metrics=metrics) == [("artifact_size", "threshold")]


@pytest.mark.parametrize("stage", STAGES[:6])
@pytest.mark.parametrize("status", [None, ReceiptStatus.FAIL, ReceiptStatus.WARNING])
def test_a_release_needs_the_newest_receipts_of_the_first_six_stages_to_be_pass(
    stage: Stage, status: ReceiptStatus | None
) -> None:
    newest = {before: passed(before) for before in STAGES[:6]}
    if status is None:
        del newest[stage]
    else:
        newest[stage] = passed(stage, status)
    found = release(newest=newest)
    assert ("stages_passed", "threshold") in found
    assert {metric for metric, _ in found} <= {"stages_passed", "artifact_sha256"}


def test_a_release_needs_an_intact_chain() -> None:
    assert release(chain_intact=False) == [("chain_intact", "threshold")]


# smoke test, publication


@pytest.mark.parametrize("stage", [SMOKE, PUBLICATION])
def test_an_artifact_that_is_named_later_is_the_released_one(stage: Stage) -> None:
    assert violated(stage, artifact_sha256=GONE) == []
    assert violated(stage, artifact_sha256=OTHER_HASH) == [("artifact_sha256", "threshold")]
    assert violated(stage, artifact_sha256="x") == [("artifact_sha256", "invalid")]


@pytest.mark.parametrize("status", [None, ReceiptStatus.FAIL, ReceiptStatus.WARNING])
def test_a_publication_needs_the_newest_smoke_test_to_be_pass(status: ReceiptStatus | None) -> None:
    newest = {before: passed(before) for before in STAGES[:9]}
    if status is None:
        del newest[SMOKE]
    else:
        newest[SMOKE] = passed(SMOKE, status)
    results = gates.violations(judge(PUBLICATION, newest=newest))
    assert [(result.metric, result.reason) for result in results] == [("smoke_passed", "threshold")]


@pytest.mark.parametrize(
    ("stage", "metric"), [(LISTING, "listing_repository_url"), (PUBLICATION, "marketplace_url")]
)
def test_a_url_is_http_with_a_host_and_nothing_secret(stage: Stage, metric: str) -> None:
    for url in URLS:
        assert violated(stage, **{metric: url}) == []
    for text in NO_URLS:
        assert violated(stage, **{metric: text}) == [(metric, "threshold")]
    for value in NO_TEXTS:
        assert violated(stage, **{metric: value}) == [(metric, "invalid")]


# marketplace validation


@pytest.mark.parametrize("metric", ["listing_name", "listing_category", "listing_author", "listing_license"])
def test_a_text_of_a_listing_is_not_blank(metric: str) -> None:
    for blank in ("", "  ", "\n"):
        assert violated(LISTING, **{metric: blank}) == [(metric, "threshold")]
    for value in NO_TEXTS:
        assert violated(LISTING, **{metric: value}) == [(metric, "invalid")]


def test_a_listing_has_a_description_of_ten_characters() -> None:
    assert violated(LISTING, listing_description="é" * 10) == []
    assert violated(LISTING, listing_description="é" * 9) == [("listing_description", "threshold")]
    assert violated(LISTING, listing_description=" " * 10) == [("listing_description", "threshold")]


@pytest.mark.parametrize("version", ["0.0.0", "10.20.30", "1.2.3-rc.1", "1.2.3-A1"])
def test_a_version_has_three_numbers_and_may_have_a_suffix(version: str) -> None:
    assert violated(LISTING, listing_version=version) == []


@pytest.mark.parametrize("version", ["1.2", "v1.2.3", "1.2.3-", "1.2.3+b", "1.2.3.4", "1.2.3\n", "١.2.3", ""])
def test_any_other_version_is_a_violation(version: str) -> None:
    assert violated(LISTING, listing_version=version) == [("listing_version", "threshold")]


def test_a_listing_names_at_least_one_feature() -> None:
    assert violated(LISTING, listing_features=[]) == [("listing_features", "threshold")]
    for value in ("builds", [1], ["builds", " "], {"a": 1}):
        assert violated(LISTING, listing_features=value) == [("listing_features", "invalid")]
    two = limits(LISTING, listing_features=2)
    assert violated(LISTING, two) == [("listing_features", "threshold")]
    assert violated(LISTING, two, listing_features=["a", "b"]) == []


# policy


@pytest.mark.parametrize(
    ("stage", "metric", "bound", "meets", "misses"),
    [
        (TEST, "tests_total", 21, 21, 20),
        (TEST, "line_coverage", 0.9, 0.9, 0.89),
        (QUALITY, "test_pass_rate", 0.99, 0.99, 0.98),
        (QUALITY, "line_coverage", 0.85, 0.85, 0.84),
        (QUALITY, "first_pass_yield", 1.0, 1, 0.99),
        (QUALITY, "gate_pass_rate", 0.97, 0.97, 0.96),
        (QUALITY, "defect_rate", 0.0, 0, 0.01),
        (RELEASE, "sbom_components", 5, 5, 4),
        (SMOKE, "smoke_total", 3, 3, 2),
    ],
)
def test_a_stricter_bound_applies(
    stage: Stage, metric: str, bound: float, meets: float, misses: float
) -> None:
    policy = limits(stage, **{metric: bound})
    others = {"tests_passed": meets} if metric == "tests_total" else {}
    assert violated(stage, policy, **{metric: meets}, **others) == []
    others = {"tests_passed": misses} if metric == "tests_total" else {}
    assert violated(stage, policy, **{metric: misses}, **others) == [(metric, "threshold")]


def test_a_stricter_pass_rate_applies_to_the_computed_one() -> None:
    policy = limits(TEST, test_pass_rate=1.0)
    assert violated(TEST, policy) == []
    assert violated(TEST, policy, tests_passed=19, tests_failed=1) == [("test_pass_rate", "threshold")]


# what is raised and reported


@pytest.mark.parametrize(
    ("stage", "failure"),
    list(
        zip(
            STAGES,
            [
                "shacl_violation",
                "compilation_failure",
                "test_failure",
                "security_vulnerability",
                "non_determinism",
                "quality_gate_failure",
                "release_failure",
                "smoke_test_failure",
                "publication_failure",
                "publication_failure",
            ],
            strict=True,
        )
    ),
)
def test_a_gate_raises_the_failure_type_of_its_stage(stage: Stage, failure: str) -> None:
    assert gates.failure_type(stage, gates.violations(judge(stage, metrics={}))) == failure
    assert gates.failure_type(stage, []) == failure


def test_coverage_alone_is_low_coverage() -> None:
    def failure(**metrics: Any) -> str:
        results = judge(TEST, metrics=changed(TEST, **metrics))
        return gates.failure_type(TEST, gates.violations(results))

    assert failure(line_coverage=0.7) == "low_coverage"
    assert failure(line_coverage=GONE) == "low_coverage"
    assert failure(line_coverage=0.7, tests_total=0, tests_passed=0) == "test_failure"


@pytest.mark.parametrize(
    ("evidence", "failure"),
    [
        ({"chain_intact": False}, "missing_receipt"),
        ({"newest": {BUILD: passed(BUILD)}}, "missing_receipt"),
        ({"newest": {BUILD: passed(BUILD)}, "chain_intact": False}, "missing_receipt"),
        ({"newest": {}}, "release_failure"),
        ({"artifacts": (), "chain_intact": False}, "release_failure"),
    ],
)
def test_a_release_that_lacks_only_receipts_is_a_missing_receipt(evidence: Json, failure: str) -> None:
    assert gates.failure_type(RELEASE, gates.violations(judge(RELEASE, **evidence))) == failure


def test_a_rule_reports_what_was_expected_and_what_was_found() -> None:
    (result,) = gates.violations(judge(TEST, metrics=changed(TEST, line_coverage=0.75)))
    assert (result.gate, result.metric, result.operator) == (TEST, "line_coverage", ">=")
    assert (result.expected, result.actual, result.passed, result.reason) == (0.8, 0.75, False, "threshold")


def test_a_long_value_is_reported_cut() -> None:
    long = "x" * 200_000
    results = judge(BUILD, metrics={"build_hash_1": long, "build_hash_2": [long]})
    assert all(len(str(result)) < 1000 for result in results)


@pytest.mark.parametrize("name", sorted(gates.SYSTEM_METRICS))
def test_a_metric_of_the_system_is_refused_on_input(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        gates.refuse_system_metrics({"other": 1, name: True})
    assert (caught.value.code, caught.value.details) == ("invalid_field", {"fields": [f"metrics.{name}"]})


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("exit_code", [0, 1, 7, 137])
def test_an_exit_code_speaks_at_three_stages_alone(stage: Stage, exit_code: int) -> None:
    bad = int(exit_code != 0)
    expected: Json = {
        SHACL: {"shacl_conforms": not bad, "shacl_violations": bad},
        COMPILE: {"compile_errors": bad},
        SMOKE: {"smoke_total": 1, "smoke_failed": bad},
    }.get(stage, {})
    metrics = gates.metrics_of_command(stage, exit_code)
    assert metrics == expected
    if metrics:
        assert bool(gates.violations(judge(stage, metrics=metrics))) is bool(bad)
