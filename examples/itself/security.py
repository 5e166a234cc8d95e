"""Stage 4. bandit over the source; its SARIF log says what it found, and tcps counts it.

Usage: security.py SOURCE OUT

bandit looks for insecure patterns and hard-coded secrets. It does not know which versions of the
dependencies are vulnerable: that takes an advisory database, and is said in the evidence.
bandit.toml holds what is not looked for, and the findings that were read one by one, each with its reason.
Those are marked in the log as suppressed, the way SARIF has for it.
"""

import json
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import reports

CONFIG = Path(__file__).with_name("bandit.toml").resolve()


def main() -> int:
    source, out = Path(sys.argv[1]), Path(sys.argv[2]).resolve()
    out.mkdir(parents=True, exist_ok=True)
    log_file = out / "bandit.sarif"
    scan = ["bandit", "-q", "-r", "tcps", "-c", str(CONFIG), "-f", "sarif", "-o", str(log_file)]
    subprocess.run([sys.executable, "-m", *scan], cwd=source, check=False)
    log = json.loads(log_file.read_text(encoding="utf-8"))
    (run,) = log["runs"]
    config = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["tool"]
    accepted = accept(run["results"], config["itself"]["reviewed"], source)
    log_file.write_text(json.dumps(log, indent=2) + "\n", encoding="utf-8")
    totals, left_out = run["properties"]["metrics"]["_totals"], config["bandit"]["skips"]
    unread = [one for call in run["invocations"] for one in call.get("toolConfigurationNotifications", [])]
    print(f"bandit {version('bandit')}: {totals['loc']} lines of code")
    print(f"  suppressed: {accepted} that were read one by one, {totals['nosec']} marked in the source")
    print("  not looked for: vulnerable dependencies (that needs an advisory database)")
    print(f"  checks left out, with the reasons in bandit.toml: {', '.join(left_out)}")
    reports.write_evidence(
        out,
        scanner=f"bandit {version('bandit')}",
        looked_for="insecure patterns and hard-coded secrets in tcps/",
        not_looked_for="vulnerable dependencies: that needs an advisory database",
        checks_left_out=left_out,
        marked_in_the_source=totals["nosec"],
        unread=[one["message"]["text"] for one in unread],
    )
    return 1 if unread else 0  # the gate judges what the log says


def accept(results: list[dict[str, Any]], reviewed: list[dict[str, str]], source: Path) -> int:
    """Suppress the results that were reviewed, and show the others; gives how many are suppressed."""
    reasons = {(one["test"], one["file"], one["line"]): one["reason"] for one in reviewed}
    for result in results:
        place = result["locations"][0]["physicalLocation"]
        file, number = place["artifactLocation"]["uri"], place["region"]["startLine"]
        line = (source / file).read_text(encoding="utf-8").splitlines()[number - 1].strip()
        reason = reasons.get((result["ruleId"], file, line))
        if reason is None:
            print(f"  found: {result['ruleId']} {file}:{number}: {result['message']['text']}")
        else:
            suppression = {"kind": "external", "status": "accepted", "justification": reason}
            result["suppressions"] = [suppression]
    return sum("suppressions" in result for result in results)


if __name__ == "__main__":
    sys.exit(main())
