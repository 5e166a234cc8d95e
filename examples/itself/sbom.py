"""Stage 7. The SBOM of what is released with the wheel, made by cyclonedx-py; tcps reads it.

Usage: sbom.py WHEEL OUT [LOCK]

Without a lock, nobody can say more than the wheel does: it asks for ranges of versions. With one, it is the
SBOM of an environment that holds the wheel and what the lock names, each checked by its hash, and no more.
"""

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

import listing
import reports
from packaging.requirements import Requirement


def main() -> int:
    wheel, out = Path(sys.argv[1]), Path(sys.argv[2])
    lock = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    out.mkdir(parents=True, exist_ok=True)
    what = (
        environment(out / "environment", wheel, lock) if lock else asked_for(wheel, out / "requirements.txt")
    )
    cyclonedx = [sys.executable, "-m", "cyclonedx_py", "environment" if lock else "requirements", str(what)]
    bom = out / "bom.json"
    subprocess.run(
        [*cyclonedx, "--output-reproducible", "-o", str(bom)], check=True, stderr=subprocess.DEVNULL
    )
    what_for = "an environment made from the lock" if lock else "what the wheel asks for"
    print(f"{bom.name} is the SBOM of {what_for}")
    digest = hashlib.sha256(lock.read_bytes()).hexdigest() if lock else None
    reports.write_evidence(out, lock={"name": lock.name, "sha256": digest} if lock else None)
    return 0  # the gate judges what the SBOM says


def asked_for(wheel: Path, requirements: Path) -> Path:
    """The requirements of the wheel, as its metadata states them."""
    stated = map(Requirement, listing.metadata_of(wheel).get_all("Requires-Dist", []))
    needed = [f"{one.name}{one.specifier}" for one in stated if "extra" not in str(one.marker)]
    requirements.write_text("\n".join(needed) + "\n", encoding="utf-8")
    return requirements


def environment(folder: Path, wheel: Path, lock: Path) -> Path:
    """Gives the Python of a new environment without pip, with the wheel and what is locked."""
    venv.create(folder, clear=True, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q"]
    subprocess.run([*install, "--require-hashes", "-r", str(lock)], check=True)
    subprocess.run([*install, "--no-deps", str(wheel)], check=True)
    return python


if __name__ == "__main__":
    sys.exit(main())
