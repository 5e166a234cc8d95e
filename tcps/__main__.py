"""`python -m tcps`."""

from tcps.cli import main

main()
