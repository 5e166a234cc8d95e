"""What every stage's script leaves: metrics.json for the gate, evidence.json for whoever asks later."""

import json
import os
from pathlib import Path
from typing import Any


def write(out: Path, metrics: dict[str, Any], **evidence: Any) -> None:
    """Write both files; `tcps run` reads them when the script has ended."""
    out.mkdir(parents=True, exist_ok=True)
    revision = os.environ.get("SOURCE_REVISION")
    if revision:
        evidence["source_revision"] = revision
    for name, content in (("metrics", metrics), ("evidence", evidence)):
        (out / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    for name, value in metrics.items():
        print(f"  {name} = {value}")
