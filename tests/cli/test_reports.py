"""Reports on `receipt add` and `run` (interface 3.13): metrics, artifacts, nothing of another run."""

import json
import os
import shutil
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tcps.model import STAGES, Stage
from tests.cli.conftest import Tcps
from tests.evidence.reading import FOLDER
from tests.rules.line import PASSING

GOOD_TESTS = '<testsuite name="s"><testcase name="a"/><testcase name="b"/></testsuite>'
BAD_TESTS = '<testsuite name="s"><testcase name="a"/><testcase name="b"><failure/></testcase></testsuite>'
COVERED = "SF:a.py\nDA:1,1\nDA:2,1\nend_of_record\n"
CLEAN = '{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "t"}}, "results": []}]}'
BOM = '{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [%s]}'
MIT = '{"name": "a", "version": "1", "licenses": [{"license": {"id": "MIT"}}]}'
ISC = '{"name": "b", "version": "1", "licenses": [{"license": {"id": "ISC"}}]}'
WHEEL = b"the product"
RELEASE = ("--artifact", "app.whl", "--sbom", "bom.json")


@pytest.fixture
def at(on_the_line: Tcps) -> Any:
    """Bring SKU-1 to a stage, and give tcps."""
    digest = sha256(WHEEL).hexdigest()
    build = {"build_hash_1": digest, "build_hash_2": digest}
    metrics = PASSING | {Stage.DETERMINISTIC_BUILD: build, Stage.RELEASE_VERIFICATION: {}}

    def bring(stage: Stage) -> Tcps:
        Path("app.whl").write_bytes(WHEEL)
        write(bom_json=BOM % f"{MIT}, {ISC}")
        for before in STAGES[: stage.number - 1]:
            options = RELEASE if before is Stage.RELEASE_VERIFICATION else ()
            given = json.dumps(metrics[before])
            assert add(on_the_line, before, "--metrics", given, *options).code == 0, before
            assert on_the_line("sku", "advance", "SKU-1").code == 0
        return on_the_line

    return bring


def add(tcps: Tcps, stage: Stage, *options: str, status: str = "pass") -> Any:
    return tcps("receipt", "add", "--sku", "SKU-1", "--stage", stage, "--status", status, *options)


def run(tcps: Tcps, stage: Stage, *options: str, writes: dict[str, str] | None = None, code: int = 0) -> Any:
    """A run whose command writes files, and exits with a code."""
    script = f"import pathlib, sys\nfor n, t in {writes or {}!r}.items(): pathlib.Path(n).write_text(t)\n"
    command = (sys.executable, "-c", f"{script}sys.exit({code})")
    return tcps("run", "--sku", "SKU-1", "--stage", stage, *options, "--", *command)


def newest(tcps: Tcps) -> Any:
    return tcps("receipt", "list", "--sku", "SKU-1", "--json").json[-1]


def write(**files: str) -> None:
    for name, content in files.items():
        Path(name.replace("_", ".")).write_text(content)


def test_reports_of_tests_and_coverage_pass_the_gate_without_a_metric_given(at: Any) -> None:
    tcps = at(Stage.TEST_EXECUTION)
    options = ("--junit", "j.xml", "--coverage", "c.info")
    done = run(tcps, Stage.TEST_EXECUTION, *options, writes={"j.xml": GOOD_TESTS, "c.info": COVERED})
    assert done.code == 0, done.err
    receipt = newest(tcps)
    assert receipt["metrics"] == {
        "tests_total": 2,
        "tests_passed": 2,
        "tests_failed": 0,
        "tests_skipped": 0,
        "line_coverage": 1.0,
    }
    assert receipt["evidence"]["tests"] == [
        {"name": "s.a", "outcome": "passed"},
        {"name": "s.b", "outcome": "passed"},
    ]
    assert receipt["evidence"]["reports"] == {"metrics": sorted(receipt["metrics"]), "given": {}}
    assert [(a["name"], a["sha256"], a["size"]) for a in receipt["artifacts"]] == [
        (name, sha256(text.encode()).hexdigest(), len(text))
        for name, text in (("j.xml", GOOD_TESTS), ("c.info", COVERED))
    ]


def test_several_reports_of_a_kind_add_up_and_the_gate_is_judged_on_them(at: Any) -> None:
    tcps = at(Stage.TEST_EXECUTION)
    write(a_xml=GOOD_TESTS, b_xml=BAD_TESTS, c_info=COVERED)
    reports = ("--junit", "a.xml", "--junit", "b.xml", "--coverage", "c.info", "--artifact", "a.xml")
    done = add(tcps, Stage.TEST_EXECUTION, *reports)
    assert done.code == 3
    assert "test_pass_rate: wanted >= 0.95, got 0.75 (threshold)" in done.out
    assert newest(tcps)["metrics"]["tests_failed"] == 1
    assert [a["name"] for a in newest(tcps)["artifacts"]] == ["a.xml", "b.xml", "c.info"]
    assert tcps("andon", "show", "ANDON-1", "--json").json["details"]["violations"][0]["actual"] == 0.75


def test_a_scan_becomes_counts_and_the_worst_finding_is_the_severity(at: Any) -> None:
    tcps = at(Stage.SECURITY_SCAN)
    shutil.copy(FOLDER / "sarif" / "suppressions.sarif", "s.sarif")
    assert add(tcps, Stage.SECURITY_SCAN, "--sarif", "s.sarif").code == 3
    assert newest(tcps)["metrics"]["security_findings_high"] == 5
    assert tcps("andon", "list", "--json").json[0]["severity"] == "high"
    assert run(tcps, Stage.SECURITY_SCAN, "--sarif", "new.sarif", writes={"new.sarif": CLEAN}).code == 0


def test_a_release_is_verified_by_its_artifact_and_its_sbom(at: Any) -> None:
    tcps = at(Stage.RELEASE_VERIFICATION)
    written = {"bom.json": BOM % f"{MIT}, {ISC}"}
    done = run(tcps, Stage.RELEASE_VERIFICATION, *RELEASE, writes=written)
    assert done.code == 0, done.err
    assert newest(tcps)["metrics"] == {
        "artifact_sha256": sha256(WHEEL).hexdigest(),
        "artifact_size": len(WHEEL),
        "sbom_components": 2,
        "dependencies_unpinned": 0,
        "licenses_violating": 0,
    }


def test_the_licences_that_policy_allows_are_the_ones_that_count(at: Any) -> None:
    tcps = at(Stage.RELEASE_VERIFICATION)
    assert tcps("policy", "set", "licences_allowed", "MIT").code == 0
    done = add(tcps, Stage.RELEASE_VERIFICATION, *RELEASE)
    assert done.code == 3
    assert "licenses_violating: wanted = 0, got 1 (threshold)" in done.out


def test_of_two_products_none_is_taken_for_the_artifact(at: Any) -> None:
    tcps = at(Stage.RELEASE_VERIFICATION)
    write(notes_txt="notes")
    done = add(tcps, Stage.RELEASE_VERIFICATION, *RELEASE, "--artifact", "notes.txt")
    assert "artifact_sha256: wanted" in done.out
    assert "artifact_sha256" not in newest(tcps)["metrics"]


def test_an_sbom_whose_name_does_not_say_so_is_read_and_not_listed(at: Any) -> None:
    tcps = at(Stage.RELEASE_VERIFICATION)
    write(parts_json=BOM % MIT)
    done = add(tcps, Stage.RELEASE_VERIFICATION, "--artifact", "app.whl", "--sbom", "parts.json")
    assert done.out.splitlines()[1].strip() == "sbom_listed: wanted = true, got false (threshold)"


def test_at_the_smoke_test_the_cases_are_what_was_smoked(at: Any) -> None:
    tcps = at(Stage.SMOKE_TEST)
    done = run(tcps, Stage.SMOKE_TEST, "--junit", "j.xml", writes={"j.xml": BAD_TESTS})
    assert done.code == 3
    assert newest(tcps)["metrics"] == {"smoke_total": 2, "smoke_failed": 1}
    passed = run(tcps, Stage.SMOKE_TEST, "--junit", "good.xml", writes={"good.xml": GOOD_TESTS}, code=1)
    assert (passed.code, newest(tcps)["status"]) == (1, "fail")
    assert newest(tcps)["metrics"] == {"smoke_total": 2, "smoke_failed": 0}


def test_what_is_given_beside_a_report_must_agree_with_it(at: Any) -> None:
    tcps = at(Stage.TEST_EXECUTION)
    write(j_xml=GOOD_TESTS, c_info=COVERED)
    options = ("--junit", "j.xml", "--coverage", "c.info", "--metrics")
    done = add(tcps, Stage.TEST_EXECUTION, *options, '{"line_coverage": 0.9}')
    assert done.code == 3
    assert "  line_coverage: wanted = 1.0, got 0.9 (inconsistent)" in done.out
    assert tcps("andon", "show", "ANDON-1", "--json").json["failure_type"] == "low_coverage"
    gate = tcps("quality", "gates", "SKU-1", "--json").json["stages"][2]
    assert (gate["result"], gate["rules"][-1]["reason"]) == ("fail", "inconsistent")
    assert add(tcps, Stage.TEST_EXECUTION, *options, '{"line_coverage": 0.9996}').code == 0


@pytest.mark.parametrize("path", ["missing.xml", ".", "pipe"])
def test_a_report_that_is_no_file_is_refused_and_no_receipt_is_written(at: Any, path: str) -> None:
    tcps = at(Stage.TEST_EXECUTION)
    os.mkfifo("pipe")
    before = newest(tcps)
    done = add(tcps, Stage.TEST_EXECUTION, "--junit", path)
    assert done.code in {1, 2}
    assert path in done.err
    assert newest(tcps) == before


def test_a_report_of_another_kind_is_refused_by_name(at: Any) -> None:
    tcps = at(Stage.TEST_EXECUTION)
    write(c_info=COVERED)
    done = add(tcps, Stage.TEST_EXECUTION, "--junit", "c.info", "--json")
    assert (done.code, done.error["code"], done.error["details"]) == (
        2,
        "invalid_field",
        {"fields": ["junit"]},
    )
    assert done.error["message"] == "c.info cannot be read as a JUnit report: it is LCOV"


@pytest.mark.parametrize(
    ("before", "writes", "problem"),
    [
        (None, {}, "cannot read junit j.xml: No such file or directory"),
        (GOOD_TESTS, {}, "j.xml is not a JUnit report of this run: it was there before"),
        (None, {"j.xml": GOOD_TESTS[:40]}, "j.xml cannot be read as a JUnit report: it is cut off"),
        (GOOD_TESTS, {"j.xml": ""}, "j.xml cannot be read as a JUnit report: it is empty"),
    ],
)
def test_a_report_that_the_command_did_not_write_whole_makes_the_receipt_a_fail(
    at: Any, before: str | None, writes: dict[str, str], problem: str
) -> None:
    tcps = at(Stage.TEST_EXECUTION)
    if before is not None:
        Path("j.xml").write_text(before)
    metrics = json.dumps(PASSING[Stage.TEST_EXECUTION])
    done = run(tcps, Stage.TEST_EXECUTION, "--junit", "j.xml", "--metrics", metrics, writes=writes)
    assert done.code == 3
    assert problem in done.err
    receipt = newest(tcps)
    assert receipt["status"] == "fail"
    assert receipt["evidence"]["problems"][0].startswith(problem)


def test_a_report_that_the_command_wrote_again_is_one_of_this_run(at: Any) -> None:
    tcps = at(Stage.TEST_EXECUTION)
    write(j_xml=GOOD_TESTS, c_info=COVERED)
    options = ("--junit", "j.xml", "--coverage", "c.info")
    done = run(tcps, Stage.TEST_EXECUTION, *options, writes={"j.xml": GOOD_TESTS, "c.info": COVERED})
    assert done.code == 0, done.err


def test_outcomes_of_tests_are_given_or_read_not_both(at: Any) -> None:
    tcps = at(Stage.TEST_EXECUTION)
    write(j_xml=GOOD_TESTS, e_json='{"tests": [], "note": 1}')
    refused = add(tcps, Stage.TEST_EXECUTION, "--junit", "j.xml", "--evidence", "@e.json")
    assert refused.err.startswith("error: evidence.tests is read from the JUnit reports")
    inline = run(tcps, Stage.TEST_EXECUTION, "--junit", "j.xml", "--evidence", '{"tests": []}')
    assert inline.code == 2
    done = run(
        tcps, Stage.TEST_EXECUTION, "--junit", "n.xml", "--evidence", "@e.json", writes={"n.xml": GOOD_TESTS}
    )
    evidence = newest(tcps)["evidence"]
    assert (done.code, evidence["note"], len(evidence["tests"])) == (3, 1, 2)
    assert evidence["problems"] == ["evidence.tests is read from the JUnit reports and cannot be given too"]


def test_a_receipt_has_room_for_any_number_of_tests_and_problems(at: Any) -> None:
    tcps = at(Stage.TEST_EXECUTION)
    cases = "".join(f'<testcase name="{"long" * 25}{number}"/>' for number in range(3000))
    many = [option for number in range(900) for option in ("--coverage", f"{'missing' * 20}{number}")]
    write(big_xml=f"<testsuite>{cases}</testsuite>")
    options = ("--sku", "SKU-1", "--stage", "test", "--junit", "j.xml", *many)
    assert tcps("run", *options, "--", "cp", "big.xml", "j.xml").code == 3
    receipt = newest(tcps)
    evidence = receipt["evidence"]
    assert receipt["metrics"]["tests_total"] == 3000
    assert len(evidence["tests"]) + evidence["tests_left_out"] == 3000
    assert (len(evidence["problems"]), evidence["problems"][-1]) == (21, "… and 880 more")


@pytest.mark.parametrize("option", ["--junit", "--artifact"])
@pytest.mark.parametrize("name", ["\udcff.xml", "a\x01b.xml"])
def test_a_file_whose_name_is_no_text_is_a_problem_of_the_run(at: Any, option: str, name: str) -> None:
    tcps = at(Stage.TEST_EXECUTION)
    write(good_xml=GOOD_TESTS)
    options = ("--sku", "SKU-1", "--stage", "test", option, name)
    assert tcps("run", *options, "--", "cp", "good.xml", name).code == 3
    assert len(newest(tcps)["evidence"]["problems"]) == 1
    done = add(tcps, Stage.TEST_EXECUTION, option, name)
    assert (done.code, done.out) == (2, "")


def test_more_files_than_a_receipt_lists_are_refused_before_the_command_runs(at: Any) -> None:
    tcps = at(Stage.TEST_EXECUTION)
    many = [option for number in range(1001) for option in ("--junit", f"{number}.xml")]
    assert run(tcps, Stage.TEST_EXECUTION, *many, writes={"ran": ""}).code == 2
    assert not Path("ran").exists()


def test_a_pattern_stands_for_the_files_that_the_command_wrote(at: Any) -> None:
    """As Maven's surefire writes them: a file for each class."""
    tcps = at(Stage.TEST_EXECUTION)
    write(c_info=COVERED)
    options = ("--junit", "TEST-*.xml", "--coverage", "c.info")
    files = {"TEST-a.xml": GOOD_TESTS, "TEST-b.xml": GOOD_TESTS, "c.info": COVERED}
    assert run(tcps, Stage.TEST_EXECUTION, *options, writes=files).code == 0
    assert newest(tcps)["metrics"]["tests_total"] == 4
    assert [a["name"] for a in newest(tcps)["artifacts"]] == ["TEST-a.xml", "TEST-b.xml", "c.info"]


def test_a_file_of_an_earlier_run_that_a_pattern_finds_makes_the_receipt_a_fail(at: Any) -> None:
    tcps = at(Stage.TEST_EXECUTION)
    Path("TEST-old.xml").write_text(GOOD_TESTS)
    options = ("--junit", "TEST-*.xml", "--coverage", "c.info")
    done = run(tcps, Stage.TEST_EXECUTION, *options, writes={"TEST-a.xml": GOOD_TESTS, "c.info": COVERED})
    assert done.code == 3
    assert "TEST-old.xml is not a JUnit report of this run: it was there before" in done.err


def test_a_pattern_that_matches_nothing_is_a_file_that_is_not_there(at: Any) -> None:
    tcps = at(Stage.TEST_EXECUTION)
    done = add(tcps, Stage.TEST_EXECUTION, "--junit", "TEST-*.xml")
    assert (done.code, done.err) == (1, "error: cannot read junit TEST-*.xml: No such file or directory\n")
    Path("TEST-[1].xml").write_text(GOOD_TESTS)
    write(c_info=COVERED)
    done = add(tcps, Stage.TEST_EXECUTION, "--junit", "TEST-[1].xml", "--coverage", "c.info")
    assert (done.code, newest(tcps)["metrics"]["tests_total"]) == (0, 2)
