"""The rules of the ten gates (domain 9), each gate's in the order in which they are reported."""

from collections.abc import Callable, Iterator
from fractions import Fraction

from tcps.model import STAGES, Severity, Stage
from tcps.rules.gates.judge import Judge, RuleResult
from tcps.rules.gates.values import (
    TOLERANCE,
    VERSION,
    is_count,
    is_hex,
    is_rate,
    is_sbom,
    is_text,
    is_texts,
    is_url,
)


def _shacl_validation(judge: Judge) -> Iterator[RuleResult]:
    yield judge.flag("shacl_conforms")
    yield judge.count("shacl_violations", "=", 0)


def _compilation(judge: Judge) -> Iterator[RuleResult]:
    yield judge.count("compile_errors", "=", 0)
    limit = judge.bound("compile_warnings")
    if limit is not None:
        yield judge.count("compile_warnings", "<=", limit)


def _test_execution(judge: Judge) -> Iterator[RuleResult]:
    yield judge.at_least("tests_total", is_count)
    yield _sum_of_tests(judge)
    yield _pass_rate(judge)
    yield judge.at_least("line_coverage", is_rate)


def _sum_of_tests(judge: Judge) -> RuleResult:
    """tests_passed + tests_failed = tests_total."""
    name = "tests_passed + tests_failed"
    passed, failed, total = (judge.metrics.get(f"tests_{part}") for part in ("passed", "failed", "total"))
    if passed is None or failed is None or total is None:
        return judge.result(name, "=", total, None, "missing")
    if not (is_count(passed) and is_count(failed) and is_count(total)):
        return judge.result(name, "=", total, None, "invalid")
    agrees = passed + failed == total
    return judge.result(name, "=", total, passed + failed, None if agrees else "inconsistent")


def _pass_rate(judge: Judge) -> RuleResult:
    """The computed share of passed tests reaches its bound; a given one agrees with it."""
    name, least = "test_pass_rate", judge.bound("test_pass_rate") or 0
    passed, total, given = (judge.metrics.get(part) for part in ("tests_passed", "tests_total", name))
    if passed is None or total is None:
        return judge.result(name, ">=", least, given, "missing")
    if not (is_count(passed) and is_count(total) and 0 < total >= passed):
        return judge.result(name, ">=", least, given, "invalid")
    rate = passed / total
    if given is None:
        return judge.result(name, ">=", least, rate, None if rate >= least else "threshold")
    if not is_rate(given):
        return judge.result(name, ">=", least, given, "invalid")
    if abs(Fraction(str(given)) - Fraction(passed, total)) > TOLERANCE:
        return judge.result(name, "=", rate, given, "inconsistent")
    return judge.result(name, ">=", least, rate, None if rate >= least else "threshold")


def _security_scan(judge: Judge) -> Iterator[RuleResult]:
    for severity in Severity:
        yield judge.count(f"security_findings_{severity}", "=", 0)


def _deterministic_build(judge: Judge) -> Iterator[RuleResult]:
    for metric in ("build_hash_1", "build_hash_2"):
        yield judge.rule(metric, "matches", "64 lower-case hex digits", is_hex, is_hex)
    yield judge.same_digest("build_hash_2", judge.metrics.get("build_hash_1"))
    if "nondeterminism_findings_high" in judge.metrics:
        yield judge.count("nondeterminism_findings_high", "=", 0)


def _quality_metrics(judge: Judge) -> Iterator[RuleResult]:
    for metric in ("test_pass_rate", "line_coverage", "first_pass_yield"):
        yield judge.at_least(metric, is_rate)
    yield judge.at_most("defect_rate", is_rate)
    yield judge.at_least("gate_pass_rate", is_rate)


def _release_verification(judge: Judge) -> Iterator[RuleResult]:
    built = judge.metric_of(Stage.DETERMINISTIC_BUILD, "build_hash_1")
    yield judge.same_digest("artifact_sha256", built)
    yield judge.count("artifact_size", ">=", 1)
    yield judge.at_least("sbom_components", is_count)
    yield judge.count("dependencies_unpinned", "=", 0)
    yield judge.count("licenses_violating", "=", 0)
    artifacts = judge.evidence.artifacts
    wanted = (judge.metrics.get("artifact_sha256"), judge.metrics.get("artifact_size"))
    yield judge.system("artifact_listed", any((a.sha256, a.size) == wanted for a in artifacts))
    yield judge.system("sbom_listed", any(is_sbom(a.name) for a in artifacts))
    yield judge.system("chain_intact", judge.evidence.chain_intact)
    yield judge.system("stages_passed", all(judge.passed(stage) for stage in STAGES[:6]))


def _smoke_test(judge: Judge) -> Iterator[RuleResult]:
    yield judge.at_least("smoke_total", is_count)
    yield judge.count("smoke_failed", "=", 0)
    yield from _released_artifact_if_given(judge)


def _marketplace_validation(judge: Judge) -> Iterator[RuleResult]:
    for metric in ("listing_name", "listing_category", "listing_author", "listing_license"):
        yield judge.rule(metric, "is", "not blank", is_text, str.strip)
    yield judge.rule(
        "listing_description", "has", "at least 10 characters", is_text, lambda text: len(text.strip()) >= 10
    )
    yield judge.rule("listing_version", "matches", VERSION.pattern, is_text, VERSION.fullmatch)
    yield judge.rule("listing_repository_url", "is", "a URL", is_text, is_url)
    least = judge.bound("listing_features") or 1
    wanted = "at least 1 text" if least == 1 else f"at least {least} texts"
    yield judge.rule("listing_features", "has", wanted, is_texts, lambda texts: len(texts) >= least)


def _publication(judge: Judge) -> Iterator[RuleResult]:
    yield judge.rule("marketplace_url", "is", "a URL", is_text, is_url)
    yield judge.flag("entitlement_active")
    yield judge.flag("health_check_passed")
    yield judge.system("smoke_passed", judge.passed(Stage.SMOKE_TEST))
    yield from _released_artifact_if_given(judge)


def _released_artifact_if_given(judge: Judge) -> Iterator[RuleResult]:
    if "artifact_sha256" in judge.metrics:
        released = judge.metric_of(Stage.RELEASE_VERIFICATION, "artifact_sha256")
        yield judge.same_digest("artifact_sha256", released)


GATES: dict[Stage, Callable[[Judge], Iterator[RuleResult]]] = {
    Stage.SHACL_VALIDATION: _shacl_validation,
    Stage.COMPILATION: _compilation,
    Stage.TEST_EXECUTION: _test_execution,
    Stage.SECURITY_SCAN: _security_scan,
    Stage.DETERMINISTIC_BUILD: _deterministic_build,
    Stage.QUALITY_METRICS: _quality_metrics,
    Stage.RELEASE_VERIFICATION: _release_verification,
    Stage.SMOKE_TEST: _smoke_test,
    Stage.MARKETPLACE_VALIDATION: _marketplace_validation,
    Stage.PUBLICATION: _publication,
}
