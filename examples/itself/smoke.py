"""Stage 8. The wheel in an empty environment: does what was built work for who installs it?

Usage: smoke.py WHEEL OUT
"""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

import reports


def main() -> int:
    wheel, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    folder = out / "environment"
    venv.create(folder, clear=True, with_pip=False, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]
    subprocess.run([*pip, "install", "-q", str(wheel)], check=True)
    tcps = str(folder / "bin" / "tcps")
    store = str(out / "store")
    steps = [
        [tcps, "--version"],
        [tcps, "--help"],
        [tcps, "init", store],
        [tcps, "--store", store, "work-order", "create", "--title", "Smoke"],
        [tcps, "--store", store, "sku", "create", "smoke", "--work-order", "WO-1"],
        [tcps, "--store", store, "run", "--sku", "smoke", "--stage", "validation", "--", "true"],
        [tcps, "--store", store, "verify-chain", "smoke"],
        [tcps, "--store", store, "verify"],
    ]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("TCPS_", "PYTHON"))}
    failed = sum(not works(step, env) for step in steps)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    reports.write(out, {"smoke_total": len(steps), "smoke_failed": failed, "artifact_sha256": digest})
    return 1 if failed else 0


def works(step: list[str], env: dict[str, str]) -> bool:
    done = subprocess.run(step, env=env, check=False, capture_output=True, text=True)
    print(f"  {'works' if done.returncode == 0 else 'FAILS'}: tcps {' '.join(step[1:])}")
    if done.returncode:
        print(done.stderr)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
