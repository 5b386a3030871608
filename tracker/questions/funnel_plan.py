"""Funnel: steps that people take one after the other within a time, and how those who take them are counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from tracker.questions.conditions import BadQuestion, check_number, check_where
from tracker.questions.local_days import DAY_MS
from tracker.questions.subjects import Dimension, Goal

Order = Literal["in_order", "strict", "any"]
Count = Literal["people", "visits"]
ORDERS, COUNTS = get_args(Order), get_args(Count)
MIN_STEPS, MAX_STEPS = 2, 8
#: The window of a funnel: from a minute to 90 days.
MIN_WITHIN_MS, MAX_WITHIN_MS, USUAL_WITHIN_MS = 60_000, 90 * DAY_MS, 7 * DAY_MS


@dataclass(frozen=True, slots=True)
class FunnelPlan:
    """Steps, in the order that is asked for, within so many milliseconds or, with None, within a visit.

    With `by` people are told apart by the value that the event has with which their attempt began.
    """

    steps: tuple[Goal, ...]
    within_ms: int | None = USUAL_WITHIN_MS
    order: Order = "in_order"
    count: Count = "people"
    by: Dimension | None = None

    def __post_init__(self) -> None:
        if not MIN_STEPS <= len(self.steps) <= MAX_STEPS:
            raise BadQuestion("steps", f"a funnel has {MIN_STEPS} to {MAX_STEPS} steps")
        check_where("steps", tuple(group for step in self.steps for group in step.where))
        if self.within_ms is not None:
            check_number("within", self.within_ms, MIN_WITHIN_MS, MAX_WITHIN_MS)
        if self.order not in ORDERS:
            raise BadQuestion("order", f"the orders are {', '.join(ORDERS)}")
        if self.count not in COUNTS:
            raise BadQuestion("count", f"what is counted is {' or '.join(COUNTS)}")

    @property
    def is_in_visit(self) -> bool:
        """Whether all steps of an attempt are of one visit."""
        return self.count == "visits" or self.within_ms is None
