"""Cells: one number of a report on people, opened to the people who are in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tracker.questions.conditions import BadQuestion, check_number
from tracker.questions.funnel_plan import FunnelPlan
from tracker.questions.retention_plan import RetentionPlan
from tracker.questions.subjects import Goal


@dataclass(frozen=True, slots=True)
class FunnelCell:
    """Those who reached a step of a funnel, counted from 1, or went no further; with `has_value` those of one group."""

    plan: FunnelPlan
    step: int
    is_left: bool = False
    has_value: bool = False
    value: str | None = None
    kind: Literal["funnel"] = "funnel"

    def __post_init__(self) -> None:
        check_number("cell", self.step, 1, len(self.plan.steps))
        if self.has_value and self.plan.by is None:
            raise BadQuestion("cell", "a Value needs the By that it is a value of")

    @property
    def goals(self) -> tuple[Goal, ...]:
        return self.plan.steps

    def check_in(self, begins: int, ends: int, zone: str) -> None:
        """Every range has it."""


@dataclass(frozen=True, slots=True)
class RetentionCell:
    """Those of the cohort that begins then who came back in a period after, counted from 1; 0: the whole cohort."""

    plan: RetentionPlan
    cohort: int
    period: int = 0
    kind: Literal["retention"] = "retention"

    def __post_init__(self) -> None:
        check_number("cell", self.period, 0, self.plan.periods)

    @property
    def goals(self) -> tuple[Goal, ...]:
        return self.plan.first, self.plan.again

    def check_in(self, begins: int, ends: int, zone: str) -> None:
        """Raise BadQuestion if the range has no such cell."""
        if self.cohort not in self.plan.cohorts(begins, ends, zone):
            raise BadQuestion("cell", "no cohort of the range begins then")


#: What `People.cell` may be. Each has `goals`, whose regular expressions are checked, and a `kind`, by which it is read again.
Cell = FunnelCell | RetentionCell
