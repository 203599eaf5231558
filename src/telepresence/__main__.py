"""`python -m telepresence` is the command `telepresence`."""

from telepresence.cli import main

main()
