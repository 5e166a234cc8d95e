"""`python -m tests.attacks`: carry out every attack and print the table; `--docs FILE` writes it."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.attacks.levels import look
from tests.attacks.report import markdown
from tests.attacks.scene import scene
from tests.attacks.stores import genuine
from tests.attacks.table import LEVELS, Case, load


def main() -> None:
    """Print the table, or write it; exit with 1 where a case does not end as it says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--docs", metavar="FILE", type=Path, help="write the table to this file")
    options = parser.parse_args()
    cases = list(load())
    with tempfile.TemporaryDirectory() as folder:
        wrong = _wrong(cases, Path(folder))
    if options.docs is None:
        print(markdown(cases), end="")
    else:
        options.docs.write_text(markdown(cases), encoding="utf-8")
    for line in wrong:
        print(line, file=sys.stderr)
    sys.exit(1 if wrong else 0)


def _wrong(cases: list[Case], folder: Path) -> list[str]:
    (folder / "genuine").mkdir()
    made = genuine(folder / "genuine")
    lines = []
    for case in cases:
        attacked = scene(made, folder / case.name)
        case.attack(attacked)
        for level in LEVELS:
            cell = look(attacked, level)
            if cell != case.cells[level]._replace(why=""):
                lines.append(f"{case.name}, {level}: {cell.text() or 'nothing'} is found")
    return lines


if __name__ == "__main__":
    main()
