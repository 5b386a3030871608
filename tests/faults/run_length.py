"""How long does the suite run? The short form in every run of the tests, the long one by `make faults`."""

from __future__ import annotations

import os
import random

IS_LONG = os.environ.get("FAULTS") == "long"
#: Of everything that is left to chance. Printed at the end, and `FAULTS_SEED=…` repeats it; the processes among which
#: the tests are divided inherit it.
_CHANCE = random.SystemRandom().randrange(1, 10_000) if IS_LONG else 1
SEED = int(os.environ.setdefault("FAULTS_SEED", str(_CHANCE)))

#: How often a drill is repeated, where somebody wants more than both forms do.
_ROUNDS = os.environ.get("FAULTS_ROUNDS")


def rounds(short: int, long: int) -> int:
    """How often each fault of a drill is done: `FAULTS_ROUNDS` of the environment, or as long as the suite runs."""
    return int(_ROUNDS) if _ROUNDS else run_length(short, long)


def run_length(short: int, long: int) -> int:
    return long if IS_LONG else short
