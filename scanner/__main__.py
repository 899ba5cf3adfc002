"""`python -m scanner` is `gnomon`."""

from scanner.cli import main

main()
