"""The lock of a wheel: the exact version and the hash of everything that pip would install with it.

Usage: lock.py WHEEL LOCK
"""

import json
import subprocess
import sys
from pathlib import Path


def main() -> int:
    wheel, lock = sys.argv[1], Path(sys.argv[2])
    dry = [sys.executable, "-m", "pip", "install", "-q", "--dry-run", "--ignore-installed"]
    asked = subprocess.run([*dry, "--report", "-", wheel], check=True, capture_output=True, text=True)
    lines = []
    for item in json.loads(asked.stdout)["install"]:
        if not item["is_direct"]:  # the wheel itself is known by its own hash
            name, version = item["metadata"]["name"], item["metadata"]["version"]
            digest = item["download_info"]["archive_info"]["hashes"]["sha256"]
            lines.append(f"{name}=={version} --hash=sha256:{digest}")
    lines.sort(key=str.lower)
    lock.write_text(f"# for this Python on this platform\n{chr(10).join(lines)}\n", encoding="utf-8")
    print(f"{lock.name}: {len(lines)} packages, each with its version and hash")
    return 0


if __name__ == "__main__":
    sys.exit(main())
