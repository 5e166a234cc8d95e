"""Change one byte of a receipt's file, as somebody would who wants it to look better.

Usage: tamper.py FILE
"""

import re
import sys
from pathlib import Path


def main() -> int:
    file = Path(sys.argv[1])
    before = file.read_bytes()
    figure = re.search(rb'"tests_passed": ([0-8])', before)
    if figure is None:
        print("it has no number of passed tests that could be better")
        return 1
    place = figure.start(1)
    after = before[:place] + b"9" + before[place + 1 :]
    file.chmod(0o600)
    file.write_bytes(after)
    print(f"{file.name}: byte {place} was {figure[1].decode()}, is 9 now")
    return 0


if __name__ == "__main__":
    sys.exit(main())
