"""Stage 3. A named part of the test suite, with the line coverage of the packages that it is about.

Usage: run_tests.py SOURCE OUT

The whole suite takes longer: bash tests/gate.sh. The metrics come from the JUnit and Cobertura reports.
"""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import reports

PART = ["tests/rules"]
COVERED = ["tcps.model", "tcps.rules"]


def main() -> int:
    source, out = Path(sys.argv[1]), Path(sys.argv[2]).resolve()
    out.mkdir(parents=True, exist_ok=True)
    env = {name: value for name, value in os.environ.items() if not name.startswith("TCPS_")}
    env["COVERAGE_FILE"] = str(out / "coverage.data")

    def coverage(*arguments: str) -> int:
        command = [sys.executable, "-m", "coverage", *arguments]
        return subprocess.run(command, cwd=source, env=env, check=False).returncode

    print(f"the part: {', '.join(PART)}, with the coverage of {', '.join(COVERED)}")
    print("not run here, as it takes longer: the rest of the suite (bash tests/gate.sh)", flush=True)
    pytest = ["pytest", "--color=no", "-p", "no:cacheprovider", f"--junitxml={out / 'junit.xml'}"]
    pytest += ["--hypothesis-seed=0", *PART]  # the same commit gets the same verdict
    failed = coverage("run", f"--source={','.join(COVERED)}", "-m", *pytest)
    coverage("combine", "--quiet")
    coverage("xml", "--quiet", "--fail-under=0", "-o", str(out / "coverage.xml"))
    reports.write(
        out,
        {**count_tests(out / "junit.xml"), "line_coverage": lines_covered(out / "coverage.xml")},
        tests_of_the_suite=PART,
        coverage_of=COVERED,
        not_run="the rest of the suite",
    )
    return failed


def count_tests(junit: Path) -> dict[str, int]:
    """Count the cases themselves; skipped ones are not in the total."""
    total = failed = skipped = 0
    for case in ElementTree.parse(junit).iter("testcase"):
        if case.find("skipped") is not None:
            skipped += 1
            continue
        total += 1
        failed += case.find("failure") is not None or case.find("error") is not None
    return {
        "tests_total": total,
        "tests_passed": total - failed,
        "tests_failed": failed,
        "tests_skipped": skipped,
    }


def lines_covered(cobertura: Path) -> float:
    """Covered / coverable lines over all files."""
    report = ElementTree.parse(cobertura).getroot()
    return int(report.attrib["lines-covered"]) / int(report.attrib["lines-valid"])


if __name__ == "__main__":
    sys.exit(main())
