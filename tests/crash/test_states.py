"""Every state that a crash can leave, as far as it was looked at, is recovered from (docs/testing.md)."""

import re
import subprocess
import sys

from tests.conftest import DEEP
from tests.store import shop


def test_what_a_crash_leaves_is_recovered_from_whenever_it_comes() -> None:
    """Format 1.1."""
    command = [sys.executable, "-m", "tests.crash", *(["--deep"] if DEEP else [])]
    done = subprocess.run(
        command, cwd=shop.ROOT, env=shop.unmeasured(), stdout=subprocess.PIPE, text=True, check=False
    )
    print(f"\n{done.stdout}")
    assert done.returncode == 0
    states = re.search(r"^distinct states: (\d+)$", done.stdout, re.MULTILINE)
    assert states is not None
    assert int(states[1]) >= (1_000_000 if DEEP else 20_000)
