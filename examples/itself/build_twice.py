"""Stage 5. The wheel of a commit, built twice in clean copies under different circumstances.

Usage: build_twice.py REPOSITORY COMMIT OUT

The copies lie in folders of different names; time zone, hash seed and umask differ too.
The time of the commit is the only time that the builds may know (SOURCE_DATE_EPOCH).
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import reports

CIRCUMSTANCES = (
    ("first", {"TZ": "UTC", "PYTHONHASHSEED": "1"}, 0o022),
    ("second-copy", {"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "2"}, 0o077),
)


def main() -> int:
    repository, commit, out = sys.argv[1], sys.argv[2], Path(sys.argv[3]).resolve()
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    git = ["git", "-C", repository]
    epoch = subprocess.run(
        [*git, "show", "-s", "--format=%ct", commit], check=True, capture_output=True, text=True
    ).stdout.strip()
    archive = out / "source.tar"
    subprocess.run([*git, "archive", "-o", archive, commit], check=True)
    builds = [start(archive, out / name, epoch, settings, mask) for name, settings, mask in CIRCUMSTANCES]
    codes = [build.wait() for build in builds]
    if any(codes):
        return 1
    wheels = [wheel_in(out / name) for name, _, _ in CIRCUMSTANCES]
    hashes = [hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in wheels]
    shutil.copy(wheels[0], out)
    print(f"{wheels[0].name} built twice, SOURCE_DATE_EPOCH={epoch}")
    reports.write(out, {"build_hash_1": hashes[0], "build_hash_2": hashes[1]}, source_date_epoch=int(epoch))
    return 0 if hashes[0] == hashes[1] else 1


def start(
    archive: Path, folder: Path, epoch: str, settings: dict[str, str], mask: int
) -> "subprocess.Popen[bytes]":
    folder.mkdir()
    subprocess.run(["tar", "-xf", archive, "-C", folder], check=True, umask=mask)
    return subprocess.Popen(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder / "dist", folder],
        env={**os.environ, **settings, "SOURCE_DATE_EPOCH": epoch},
        umask=mask,
        stdout=subprocess.DEVNULL,
    )


def wheel_in(folder: Path) -> Path:
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel


if __name__ == "__main__":
    sys.exit(main())
