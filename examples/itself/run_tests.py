"""Stage 3. The tests of what judges a run, with the line coverage of the packages that they are about.

Usage: run_tests.py SOURCE OUT

The whole suite takes longer: bash tests/gate.sh. tcps reads the JUnit and Cobertura reports.
"""

import os
import subprocess
import sys
from pathlib import Path

import reports

RULES = ("gates", "licences", "pipeline", "receipts")
PART = ["tests/evidence", *(f"tests/rules/test_{rules}.py" for rules in RULES)]
COVERED = ["tcps.evidence", "tcps.rules.gates"]


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
    reports.write_evidence(
        out,
        tests_of_the_suite=PART,
        coverage_of=COVERED,
        not_run="the rest of the suite",
    )
    return failed


if __name__ == "__main__":
    sys.exit(main())
