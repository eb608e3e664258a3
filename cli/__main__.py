"""`python -m cli`: the same as `fanfare`."""

from cli.main import main

main()
