"""What does `python -m tracker.cli` run? The `tracker` script."""

from tracker.cli import main

main(prog_name="tracker")
