"""What did processes spend? Processor time and bytes written, as the kernel counts them for each."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Spent:
    """By some processes since they began: processor time in ms, and bytes that they had written to a disk."""

    cpu_ms: float = 0.0
    written: float = 0.0

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.cpu_ms + other.cpu_ms, self.written + other.written)

    def __sub__(self, other: Spent) -> Spent:
        return Spent(self.cpu_ms - other.cpu_ms, self.written - other.written)

    def an_event(self, events: int) -> Spent:
        return Spent(self.cpu_ms / events, self.written / events)


def spent(processes: Iterable[Path]) -> Spent:
    """The sum over processes, named by their folders in /proc; all their threads count."""
    return sum((_of_one(process) for process in processes), Spent())


def _of_one(process: Path) -> Spent:
    # The name of a program stands before them in brackets, and may hold anything.
    after_name = (process / "stat").read_text().rpartition(")")[2].split()
    user, system = after_name[11:13]
    counted = dict(line.split(": ") for line in (process / "io").read_text().splitlines())
    return Spent((int(user) + int(system)) * TICK_MS, int(counted["write_bytes"]))
