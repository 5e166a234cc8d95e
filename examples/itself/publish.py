"""Stage 10. The wheel in a package index (PEP 503), and fetched from there as a user would.

Usage: publish.py WHEEL FOLDER URL OUT

FOLDER is what the web server at URL shows.
"""

import hashlib
import html
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import listing
import reports


def main() -> int:
    wheel, folder, url, out = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
    metadata = listing.metadata_of(wheel)
    name, version = metadata["Name"], metadata["Version"]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    put(wheel, folder, name, digest, metadata["Requires-Python"])
    page = f"{url}/simple/{name}/"
    healthy = answers(page, wheel.name)
    got = fetch(f"{url}/simple", f"{name}=={version}")
    print(f"pip download {name}=={version} from {url}/simple: sha256 {got or 'nothing'}")
    metrics = {
        "marketplace_url": page,
        "entitlement_active": got == digest,  # who asks for it gets it
        "health_check_passed": healthy,
        "artifact_sha256": got or "",
    }
    reports.write(out, metrics, index="PEP 503, served for the length of this run")
    return 0 if healthy and got == digest else 1


def put(wheel: Path, folder: Path, name: str, digest: str, requires: str) -> None:
    """The file, its project's page with the hash in the link, and the list of projects."""
    project = folder / "simple" / name
    project.mkdir(parents=True, exist_ok=True)
    shutil.copy(wheel, project)
    wanted = f' data-requires-python="{html.escape(requires)}"' if requires else ""
    link = f'<a href="{wheel.name}#sha256={digest}"{wanted}>{wheel.name}</a>'
    for place, content in ((project, link), (project.parent, f'<a href="{name}/">{name}</a>')):
        page = f"<!DOCTYPE html>\n<html><body>\n{content}\n</body></html>\n"
        (place / "index.html").write_text(page, encoding="utf-8")


def answers(page: str, file: str) -> bool:
    """Whether the page is there and names the file."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(page, timeout=10) as answer:
        print(f"GET {page}: {answer.status}")
        return answer.status == 200 and file in answer.read().decode()


def fetch(index: str, requirement: str) -> str | None:
    """The SHA-256 of what pip downloads from this index alone; None when it gets nothing."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    env |= {"PIP_CONFIG_FILE": os.devnull, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-cache-dir", "-d", folder]
        options = ["--disable-pip-version-check", "--index-url", index, requirement]
        done = subprocess.run([*pip, *options], env=env, check=False)
        files = list(Path(folder).iterdir())
        if done.returncode or len(files) != 1:
            return None
        return hashlib.sha256(files[0].read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
