"""Entry point of `python -m tracker.cli`: the `tracker` script."""

from tracker.cli import main

main(prog_name="tracker")
