"""Garbage: how often a process that makes many events looks for it."""

from __future__ import annotations

import gc

#: Python's usual thresholds look so often that an event of a batch, or of an import, takes a fifth to a quarter longer.
THRESHOLDS = (10_000, 10, 10)


def collect_rarely() -> None:
    """Look for garbage less often than Python does by itself."""
    gc.set_threshold(*THRESHOLDS)
