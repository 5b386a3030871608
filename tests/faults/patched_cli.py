"""What is the `tracker` script of the fault suite? The real one, with the faults it is told: `python -m tests.faults.patched_cli …`."""

from __future__ import annotations

from tests.faults.planted import plant

if __name__ == "__main__":
    plant()
    from tracker.cli import main  # the faults come first

    main()
