"""Cells: one number of a report on people, opened to the people who are in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tracker.questions.attribution_plan import AttributionPlan
from tracker.questions.conditions import (
    BadQuestion,
    check_number,
    check_text,
)
from tracker.questions.funnel_plan import FunnelPlan
from tracker.questions.paths_plan import PathsPlan
from tracker.questions.product_plan import DEEDS, Deed, ProductPlan
from tracker.questions.retention_plan import RetentionPlan
from tracker.questions.subjects import Goal

#: Characters of a value in a path, of an entry or of a product's id: more than any that is stored has.
MAX_LONG_VALUE = 100_000


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


@dataclass(frozen=True, slots=True)
class PathsCell:
    """Those whose visits went on with these values; None is the end of the visit. Without any, all around the event.

    With `is_others` the next value is none of those that are told apart.
    """

    plan: PathsPlan
    path: tuple[str | None, ...] = ()
    is_others: bool = False
    kind: Literal["paths"] = "paths"

    def __post_init__(self) -> None:
        if len(self.path) + self.is_others > self.plan.depth:
            raise BadQuestion(
                "cell", f"Path, with Others, has at most as many steps as Depth: {self.plan.depth}"
            )
        for value in self.path:
            if value is not None:
                check_text("cell", "a value", value, MAX_LONG_VALUE)
        if None in self.path[:-1] or (self.is_others and None in self.path):
            raise BadQuestion("cell", "nothing follows the end of a visit")

    @property
    def goals(self) -> tuple[Goal, ...]:
        return self.plan.goals

    def check_in(self, begins: int, ends: int, zone: str) -> None:
        """Every range has it."""


@dataclass(frozen=True, slots=True)
class AttributionCell:
    """Those who came by a visit that began with a value or, as buyers, have a conversion that is credited to it."""

    plan: AttributionPlan
    is_buyer: bool = False
    has_value: bool = False
    value: str | None = None
    kind: Literal["attribution"] = "attribution"

    def __post_init__(self) -> None:
        if self.value is not None:
            check_text("cell", "a value", self.value, MAX_LONG_VALUE)

    @property
    def goals(self) -> tuple[Goal, ...]:
        return self.plan.goals

    def check_in(self, begins: int, ends: int, zone: str) -> None:
        """Every range has it."""


@dataclass(frozen=True, slots=True)
class ProductCell:
    """Those who saw a product, put it into the cart or bought it; without a product any of them."""

    plan: ProductPlan
    deed: Deed = "bought"
    product: str | None = None
    kind: Literal["products"] = "products"

    def __post_init__(self) -> None:
        if self.deed not in DEEDS:
            raise BadQuestion("cell", f"give one of {', '.join(DEEDS)}")
        if self.product is not None:
            check_text("cell", "a product", self.product, MAX_LONG_VALUE)

    @property
    def goals(self) -> tuple[Goal, ...]:
        return ()

    def check_in(self, begins: int, ends: int, zone: str) -> None:
        """Every range has it."""


#: What `People.cell` may be. Each has `goals`, whose regular expressions are checked, and a `kind`, by which it is read again.
Cell = FunnelCell | RetentionCell | PathsCell | AttributionCell | ProductCell
