"""Change one byte of a receipt's file, as somebody would who wants it to look better.

Usage: tamper.py FILE
"""

import re
import sys
from pathlib import Path


def main() -> int:
    file = Path(sys.argv[1])
    before = file.read_bytes()
    figure = re.search(rb'"line_coverage": 0\.(\d)', before)
    if figure is None:
        print("no line_coverage below 1 in it")
        return 1
    place = figure.start(1)
    better = b"9" if before[place : place + 1] != b"9" else b"8"
    after = before[:place] + better + before[place + 1 :]
    file.chmod(0o600)
    file.write_bytes(after)
    print(f"{file.name}: byte {place} was {before[place : place + 1].decode()}, is {better.decode()} now")
    return 0


if __name__ == "__main__":
    sys.exit(main())
