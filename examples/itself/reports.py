"""What a stage's script leaves: evidence.json, and metrics.json where no report of a tool says them."""

import json
import os
from pathlib import Path
from typing import Any


def write(out: Path, metrics: dict[str, Any], **evidence: Any) -> None:
    """Write both files; `tcps run` reads them when the script has ended."""
    write_evidence(out, **evidence)
    _write(out / "metrics.json", metrics)
    for name, value in metrics.items():
        print(f"  {name} = {value}")


def write_evidence(out: Path, **evidence: Any) -> None:
    """Write evidence.json alone: a report of a tool holds the metrics."""
    out.mkdir(parents=True, exist_ok=True)
    revision = os.environ.get("SOURCE_REVISION")
    if revision:
        evidence["source_revision"] = revision
    _write(out / "evidence.json", evidence)


def _write(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
