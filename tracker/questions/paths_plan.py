"""Paths: the ways that visits take after an event or before it, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from tracker.questions.conditions import BadQuestion, check_number
from tracker.questions.subjects import Dimension, Goal

Direction = Literal["after", "before"]
DIRECTIONS = get_args(Direction)
#: Steps of a way, values of each step, and ends of all ways together: an answer stays below some megabytes.
MAX_DEPTH, MAX_WIDTH, MAX_ENDS = 5, 10, 10_000
USUAL_DEPTH, USUAL_WIDTH = 3, 5


@dataclass(frozen=True, slots=True)
class PathsPlan:
    """The ways that visits took after their first event like `around`, or before it: values of `by`, repeats left out.

    Of each step the `top` values are told apart.
    """

    around: Goal
    by: Dimension
    direction: Direction = "after"
    depth: int = USUAL_DEPTH
    top: int = USUAL_WIDTH

    def __post_init__(self) -> None:
        if self.by.of != "event":
            raise BadQuestion("by", "a way is made of events: give a property of theirs, or their names")
        if self.direction not in DIRECTIONS:
            raise BadQuestion("direction", f"the directions are {', '.join(DIRECTIONS)}")
        check_number("depth", self.depth, 1, MAX_DEPTH)
        check_number("top", self.top, 1, MAX_WIDTH)
        if self.top**self.depth > MAX_ENDS:
            raise BadQuestion(
                "depth", f"{self.depth} steps of {self.top} values each are more than can be shown"
            )

    @property
    def goals(self) -> tuple[Goal, ...]:
        """The goals of which it has conditions."""
        return (self.around,)
