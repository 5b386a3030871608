"""Subjects of questions: the events that are counted, as a goal or a step, and what they are told apart by."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.questions.conditions import (
    MAX_NAME_CHARACTERS,
    At,
    BadQuestion,
    Of,
    Where,
    check_text,
    check_where,
)

#: The event that says who somebody is: nothing that they did.
IDENTIFY = "identify"


@dataclass(frozen=True, slots=True)
class Dimension:
    """What values events are told apart by.

    Of an event: a property, or without one its name. Of a visit: a property's first (`entry`) or last (`exit`) value. Of a
    person: a custom field.
    """

    of: Of
    property: str | None = None
    field: int | None = None
    at: At = "entry"

    def __post_init__(self) -> None:
        fits = {
            "event": self.field is None,
            "visit": self.field is None and self.property is not None,
            "person": self.field is not None and self.property is None,
        }
        if not fits.get(self.of, False) or self.at not in ("entry", "exit"):
            raise BadQuestion("by", "it is a property of an event or a visit, or a custom field of a person")
        if self.property is not None:
            check_text("by", "a name", self.property, MAX_NAME_CHARACTERS)


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal, or a step: events of this name that are like this. Without a name it is any event but `identify`."""

    event: str | None
    where: Where = ()

    def __post_init__(self) -> None:
        if self.event is not None:
            check_text("goal", "a name", self.event, MAX_NAME_CHARACTERS)
        check_where("goal", self.where)
        if any(condition.of != "event" for group in self.where for condition in group):
            raise BadQuestion("goal", "the conditions of a goal are of its event")


#: Whatever somebody did.
ANYTHING = Goal(None)
