"""`python -m api.cli`: the same as `flyonce`, also where the folder was moved."""

from api.cli import main

main()
