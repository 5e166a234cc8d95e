"""Stage 4. bandit over the source; counts its findings by severity.

Usage: security.py SOURCE OUT

bandit looks for insecure patterns and hard-coded secrets. It does not know which versions of the
dependencies are vulnerable: that takes an advisory database, and is said in the evidence.
bandit.toml holds what is not reported, each with its reason.
"""

import json
import subprocess
import sys
import tomllib
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import reports

SEVERITIES = ("critical", "high", "medium", "low")
CONFIG = Path(__file__).with_name("bandit.toml").resolve()


def main() -> int:
    source, out = Path(sys.argv[1]), Path(sys.argv[2]).resolve()
    out.mkdir(parents=True, exist_ok=True)
    report_file = out / "bandit.json"
    scan = ["bandit", "-q", "-r", "tcps", "-c", str(CONFIG), "-f", "json", "-o", str(report_file)]
    subprocess.run([sys.executable, "-m", *scan], cwd=source, check=False)
    report = json.loads(report_file.read_text(encoding="utf-8"))
    config = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["tool"]
    reviewed = {(r["test"], r["file"], r["line"]): r["reason"] for r in config["itself"]["reviewed"]}
    accepted, findings = [], []
    for found in report["results"]:
        reason = reviewed.get(key(found, source))
        (findings if reason is None else accepted).append(describe(found, reason))
    totals, left_out = report["metrics"]["_totals"], config["bandit"]["skips"]
    print(f"bandit {version('bandit')}: {totals['loc']} lines of code, {len(findings)} findings that block")
    print(f"  not counted: {len(accepted)} that were read one by one, {totals['nosec']} marked in the source")
    print("  not looked for: vulnerable dependencies (that needs an advisory database)")
    print(f"  checks left out, with the reasons in bandit.toml: {', '.join(left_out)}")
    for finding in findings:
        print(f"  {finding['severity']}: {finding['test']} {finding['where']}: {finding['says']}")
    counts = Counter(finding["severity"] for finding in findings)
    reports.write(
        out,
        {f"security_findings_{severity}": counts[severity] for severity in SEVERITIES},
        scanner=f"bandit {version('bandit')}",
        looked_for="insecure patterns and hard-coded secrets in tcps/",
        not_looked_for="vulnerable dependencies: that needs an advisory database",
        checks_left_out=left_out,
        marked_in_the_source=totals["nosec"],
        reviewed=accepted,
        unread=[error["filename"] for error in report["errors"]],
    )
    return 1 if findings or report["errors"] else 0


def key(found: dict[str, Any], source: Path) -> tuple[str, str, str]:
    lines = (source / found["filename"]).read_text(encoding="utf-8").splitlines()
    return found["test_id"], found["filename"], lines[found["line_number"] - 1].strip()


def describe(found: dict[str, Any], reason: str | None) -> dict[str, Any]:
    severity = found["issue_severity"].lower()
    return {
        "test": found["test_id"],
        "where": f"{found['filename']}:{found['line_number']}",
        "severity": severity if severity in SEVERITIES else "critical",  # unknown counts as critical
        "says": found["issue_text"],
        "reason": reason,
    }


if __name__ == "__main__":
    sys.exit(main())
