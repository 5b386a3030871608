"""Measures: the numbers that a report can show, each named by a word or as `sum:<property>`."""

from __future__ import annotations

import builtins
from dataclasses import dataclass

from tracker.questions.conditions import MAX_NAME_CHARACTERS, BadQuestion, check_text

#: Measures of a question.
MAX_MEASURES = 12

#: Measures that need no property, in the order in which docs/reports.md defines them.
SIMPLE_MEASURES = (
    "people",
    "visits",
    "views",
    "events",
    "conversions",
    "revenue",
    "rate",
    "bounces",
    "seconds",
)
#: Measures that open to the people who are in them.
OPENED_MEASURES = ("people", "visits", "views", "events", "conversions", "revenue", "rate")
#: Measures of the numbers that a property has.
OF_PROPERTY = ("sum", "avg", "median")
#: Measures whose value for several groups of events is the sum of the groups' values.
ADDITIVE = frozenset(["views", "events", "conversions", "revenue", "sum"])


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure: its kind, and the property whose numbers it is of."""

    kind: str
    property: str | None = None

    def __post_init__(self) -> None:
        if self.kind in OF_PROPERTY:
            if not self.property:
                raise BadQuestion("measures", f"`{self.kind}:` is followed by the name of a property")
            check_text("measures", "a name", self.property, MAX_NAME_CHARACTERS)
        elif self.kind not in SIMPLE_MEASURES or self.property is not None:
            known = ", ".join([*SIMPLE_MEASURES, *(f"{kind}:<property>" for kind in OF_PROPERTY)])
            raise BadQuestion("measures", f"the measures are {known}")

    @builtins.property
    def word(self) -> str:
        """Its name in questions and answers: `people`, `sum:price`."""
        return self.kind if self.property is None else f"{self.kind}:{self.property}"

    @builtins.property
    def is_additive(self) -> bool:
        """Whether the values of several groups add up."""
        return self.kind in ADDITIVE

    @builtins.property
    def is_of_visits(self) -> bool:
        """Whether it needs to know the visits."""
        return self.kind in ("visits", "bounces", "seconds")


def measure_of(word: str) -> Measure:
    """Return the measure of this name. Raises BadQuestion for any other word."""
    check_text("measures", "a measure", word, MAX_NAME_CHARACTERS + 10)
    kind, colon, name = word.partition(":")
    return Measure(kind, name if colon else None)


def check_measures(measures: tuple[Measure, ...]) -> None:
    """Raise BadQuestion if there is none, are too many, or one twice."""
    if not 1 <= len(measures) <= MAX_MEASURES:
        raise BadQuestion("measures", f"give between 1 and {MAX_MEASURES} measures")
    if len(set(measures)) != len(measures):
        raise BadQuestion("measures", "a measure stands there twice")
