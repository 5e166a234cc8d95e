"""Stage 6. The product's own figures: the tests of stage 3, and how the line has run in the last 30 days.

Usage: quality.py SKU OUT

A new store has no finished SKU to count, so the unit here is a stage that was done for a SKU:
  first_pass_yield  stages whose first receipt is pass / stages done
  defect_rate       stages at which an Andon was raised for a defect / stages done
  gate_pass_rate    pass receipts / (pass + fail) receipts
Everything is read from the store with tcps itself.
"""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import reports


def tcps(*arguments: str) -> Any:
    asked = subprocess.run(["tcps", *arguments, "--json"], check=True, capture_output=True, text=True)
    return json.loads(asked.stdout)


def main() -> int:
    sku, out = sys.argv[1], Path(sys.argv[2])
    start = (datetime.now(UTC) - timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    skus = {record["sku_id"]: record["status"] for record in tcps("sku", "list")}
    receipts = [receipt for receipt in tcps("receipt", "list") if receipt["timestamp"] >= start]
    andons = [
        (andon["sku_id"], andon["stage"])
        for andon in tcps("andon", "list", "--all")
        if andon["created_at"] >= start and andon["sku_id"] in skus and andon["failure_type"] != "sla_breach"
    ]
    first: dict[tuple[str, str], str] = {}
    for receipt in receipts:  # oldest first
        first.setdefault((receipt["sku_id"], receipt["stage"]), receipt["status"])
    judged = [receipt["status"] for receipt in receipts if receipt["status"] in ("pass", "fail")]
    tests = tcps("receipt", "list", "--sku", sku, "--stage", "test_execution")[-1]["metrics"]
    finished = sum(status in ("published", "failed") for status in skus.values())
    print(f"in the last 30 days: {len(first)} stages done, {len(judged)} receipts judged,")
    print(
        f"  {len(andons)} Andons for defects; {finished} SKUs finished, so the unit counted is a stage done"
    )
    metrics = {
        "test_pass_rate": tests["tests_passed"] / tests["tests_total"],
        "line_coverage": tests["line_coverage"],
        "first_pass_yield": sum(status == "pass" for status in first.values()) / len(first),
        "defect_rate": len(set(andons) & set(first)) / len(first),
        "gate_pass_rate": judged.count("pass") / len(judged),
    }
    reports.write(out, metrics, population="every stage done in this store in the last 30 days")
    return 0


if __name__ == "__main__":
    sys.exit(main())
