"""How many random examples does a test try? As many as it says, and few in the quick loop: the same each time."""

from __future__ import annotations

import os

IS_QUICK = os.environ.get("HYPOTHESIS_PROFILE") == "quick"
#: Examples of a test in the quick loop.
FEW = 6


def examples(wanted: int) -> int:
    return min(FEW, wanted) if IS_QUICK else wanted


def seeds(wanted: int) -> range:
    """Seeds of a test that takes a second for each."""
    return range(1 if IS_QUICK else wanted)
