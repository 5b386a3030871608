"""How are the figures of a run put into tables?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tests.faults.acked_events import Story

#: `report(what, **figures)` adds a row to the table that is printed at the end.
Report = Callable[..., None]
#: Columns that stand first, and last, in whatever order they were reported.
FIRST, LAST = ("what", "faults"), ("verdict",)


def figures(story: Story) -> dict[str, Any]:
    """What every run under load is described by."""
    outcomes = story.outcomes
    return {
        "acknowledged": story.acks,
        "duplicates": outcomes["duplicate"],
        "refused": outcomes["refused"],
        "certainly not stored": outcomes["certain"],
        "unknown": outcomes["unknown"],
        "slowest answer, s": max(story.seconds, default=0.0),
    }


def table(rows: Iterable[dict[str, Any]]) -> list[str]:
    """Rows with the same columns, in Markdown."""
    rows = list(rows)
    named = list(dict.fromkeys(name for row in rows for name in row))
    columns = [name for name in FIRST if name in named] + [
        name for name in named if name not in (*FIRST, *LAST)
    ]
    columns += [name for name in LAST if name in named]
    lines = [columns, ["---"] * len(columns), *([str(row.get(name, "")) for name in columns] for row in rows)]
    return ["| " + " | ".join(line) + " |" for line in lines]
