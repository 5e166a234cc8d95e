"""Look at the states that crashes can leave: `python -m tests.crash [--deep] [--only WORKLOADS …]`."""

import argparse
import functools
import os
import sys
import time
from pathlib import Path

from tests.crash.campaign import Plan
from tests.crash.families import Only
from tests.crash.run import Extent, report, run


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--deep", action="store_true", help="a million states instead of twenty thousand")
    options.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    options.add_argument("--only", metavar="REGEX", help="only the workloads of these names, and as follows")
    options.add_argument("--most", type=int, default=100, help="states after each call")
    options.add_argument(
        "--recoveries", type=float, default=0, help="the share of recoveries that are crashed"
    )
    options.add_argument("--of-recovery", type=int, default=8, help="states after each call of those")
    options.add_argument("--calls", type=int, default=0, help="how many calls of each workload, if not all")
    options.add_argument("--stop-at", type=int, default=20, help="violations after which a worker stops")
    options.add_argument("--keep", type=Path, metavar="FOLDER", help="go on with what is kept there")
    given = options.parse_args()
    start = time.monotonic()
    plan = Plan(given.most, given.recoveries, given.of_recovery, given.calls)
    chosen = None if given.only is None else Only(given.only, plan)
    say = functools.partial(print, flush=True)
    result = run(Extent(given.deep, given.workers, chosen, given.stop_at, given.keep), say)
    print(report(result, time.monotonic() - start))
    for violation in result.violations[:10]:
        print(violation, file=sys.stderr)
    return 1 if result.violations else 0


if __name__ == "__main__":
    sys.exit(main())
