"""Stage 7. The wheel, the SBOM of what is installed with it, its versions and its licences.

Usage: release.py WHEEL OUT [LOCK]

The SBOM is made by cyclonedx-py of a clean environment that holds the wheel and what it depends on, and
nothing else. A dependency is pinned when a lock names its exact version and its hash; without a lock
none is.
"""

import hashlib
import json
import re
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import licences
import reports


def main() -> int:
    wheel, out = Path(sys.argv[1]), Path(sys.argv[2])
    lock = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    out.mkdir(parents=True, exist_ok=True)
    python = clean_environment(out / "environment", wheel, lock)
    bom_file = out / "bom.json"
    cyclonedx = [sys.executable, "-m", "cyclonedx_py", "environment", str(python)]
    subprocess.run([*cyclonedx, "--output-reproducible", "-o", str(bom_file)], check=True)
    components = flat(json.loads(bom_file.read_text(encoding="utf-8")).get("components", []))
    pinned = locked(lock) if lock else set()
    name, version = wheel.name.split("-")[:2]
    pinned.add((normal(name), version))  # what is released is known by its own hash
    unpinned = [c["name"] for c in components if (normal(c["name"]), c.get("version")) not in pinned]
    stated = {component["name"]: licences.of(component, python) for component in components}
    violating = [name for name, licence in stated.items() if not licences.allowed(licence)]
    for component in components:
        print(f"  {component['name']} {component.get('version')}: {stated[component['name']]}")
    print(f"unpinned: {', '.join(unpinned) or 'none'}; licence not allowed: {', '.join(violating) or 'none'}")
    content = wheel.read_bytes()
    metrics = {
        "artifact_sha256": hashlib.sha256(content).hexdigest(),
        "artifact_size": len(content),
        "sbom_components": len(components),
        "dependencies_unpinned": len(unpinned),
        "licenses_violating": len(violating),
    }
    reports.write(out, metrics, licences=stated, unpinned=unpinned, lock=lock.name if lock else None)
    return 0  # the gate judges the figures


def clean_environment(folder: Path, wheel: Path, lock: Path | None) -> Path:
    """Gives the Python of a new environment without pip, with the wheel and its dependencies."""
    venv.create(folder, clear=True, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q"]
    if lock:
        subprocess.run([*install, "--require-hashes", "-r", str(lock)], check=True)
        subprocess.run([*install, "--no-deps", str(wheel)], check=True)
    else:
        subprocess.run([*install, str(wheel)], check=True)
    return python


def locked(lock: Path) -> set[tuple[str, str]]:
    """What the lock pins: lines of name==version with a hash."""
    lines = re.findall(r"^(\S+)==(\S+) --hash=sha256:[0-9a-f]{64}$", lock.read_text(), re.MULTILINE)
    return {(normal(name), version) for name, version in lines}


def flat(components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The components, nested ones too."""
    return [c for outer in components for c in (outer, *flat(outer.get("components", [])))]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(main())
