"""Reference events: which events match a question, the visits that they are part of, and measures of them, in plain Python."""

from __future__ import annotations

import math
import re
import statistics
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.analytics.copied_world import Event, actor_of, number_of
from tracker.questions import (
    EVER,
    Condition,
    Dimension,
    Head,
    Measure,
    Operator,
    canonical_text,
    plain_number,
)

DAY = 86_400_000
Fields = dict[tuple[int, int], str]


def order_of(event: Event) -> tuple[int, int]:
    return event["at"], event["id"]


def text_of(event: Event, name: str) -> str | None:
    return canonical_text(event["properties"].get(name))


class StayOfActor:
    """A visit: its events in order."""

    def __init__(self, events: list[Event]) -> None:
        self.events = events
        self.begins, self.ends = events[0]["at"], events[-1]["at"]
        self.is_bounce = sum(event["name"] != "identify" for event in events) == 1

    def value(self, name: str, at: str) -> str | None:
        found = [text for event in self.events if (text := text_of(event, name)) is not None]
        return (found[0] if at == "entry" else found[-1]) if found else None


def parted(events: list[Event], gap_ms: int) -> list[StayOfActor]:
    """Part the ordered events of an actor where there was a silence of more than the gap."""
    stays: list[list[Event]] = []
    for event in events:
        if stays and event["at"] - stays[-1][-1]["at"] <= gap_ms:
            stays[-1].append(event)
        else:
            stays.append([event])
    return [StayOfActor(each) for each in stays]


class RangeOfEvents:
    """The events of a question in one range that match, with the visit of each."""

    def __init__(
        self,
        events: list[Event],
        fields: Fields,
        head: Head,
        name: str | None,
        times: tuple[int, int],
        days_before: int = 0,
    ) -> None:
        self.head, self.fields = head, fields
        self.begins, self.ends = times
        self.days_before = days_before or self.ends
        self.kept = kept = sorted(
            (e for e in events if not e["is_bot"] and e["at"] >= head.events_from), key=order_of
        )
        self.by_actor: dict[int, list[Event]] = defaultdict(list)
        for event in kept:
            self.by_actor[actor_of(event)].append(event)
        self.visit_of: dict[int, StayOfActor] = {}
        for own in self.by_actor.values():
            near = [e for e in own if self.begins - DAY <= e["at"] < self.ends + DAY]
            for visit in parted(near, head.visit_gap_ms):
                self.visit_of.update(dict.fromkeys((e["id"] for e in visit.events), visit))
        self.events = [
            event
            for event in kept
            if self.begins <= event["at"] < self.ends
            and name in (None, event["name"])
            and all(any(self.holds(one, event) for one in group) for group in head.where)
        ]

    def holds(self, condition: Condition, event: Event) -> bool:
        if condition.of == "event":
            return fits(condition, event)
        if condition.rule is not None:
            return (actor_of(event) in self.members(condition)) is (condition.operator is Operator.IN)
        if condition.field is not None or (condition.of == "visit" and condition.event is None):
            if condition.field is not None:
                value = self.fields.get((event["person"], condition.field))
            else:
                value = self.visit_of[event["id"]].value(str(condition.property), condition.at)
            return compares(condition, value, None if value is None else plain_number(value))
        if condition.of == "visit":
            among = self.visit_of[event["id"]].events
        else:
            among = self.by_actor[actor_of(event)]
            if condition.days is not None:
                last = self.days_before
                among = [e for e in among if last - condition.days * DAY <= e["at"] < last]
        did_not = condition.operator is Operator.DID_NOT_HAPPEN
        count = sum(e["name"] == condition.event if did_not else fits(condition, e) for e in among)
        return (count >= condition.times) is not did_not

    def members(self, segment: Condition) -> set[int]:
        """The actors of whom an event meets the rule of a segment, among all that is kept."""
        head = replace(self.head, where=segment.rule or ())
        ever = RangeOfEvents(self.kept, self.fields, head, None, EVER, segment.until)
        return {actor_of(event) for event in ever.events}

    def value(self, dimension: Dimension, event: Event) -> str | None:
        if dimension.field is not None:
            return self.fields.get((event["person"], dimension.field))
        if dimension.property is None:
            return str(event["name"])
        if dimension.of == "event":
            return text_of(event, dimension.property)
        return self.visit_of[event["id"]].value(dimension.property, dimension.at)

    def is_goal(self, event: Event) -> bool:
        goal = self.head.goal
        if goal is None:
            return bool(event["is_counted"])
        matches = all(any(fits(one, event) for one in group) for group in goal.where)
        return event["name"] == goal.event and matches

    def measured(self, events: Iterable[Event], measure: Measure) -> Any:
        events = list(events)
        visits = {id(visit): visit for event in events if (visit := self.visit_of[event["id"]])}.values()
        people = {actor_of(event) for event in events}
        if measure.property is not None:
            return of_numbers(
                measure.kind, [number_of(e["properties"].get(measure.property)) for e in events]
            )
        if measure.kind == "rate":
            reached = {actor_of(event) for event in events if self.is_goal(event)}
            return len(reached) / len(people) if people else None
        if measure.kind == "seconds":
            return sum(v.ends - v.begins for v in visits) / len(visits) / 1000 if visits else None
        return {
            "people": len(people),
            "visits": len(visits),
            "events": len(events),
            "views": sum(event["name"] == "page_view" for event in events),
            "conversions": sum(map(self.is_goal, events)),
            "revenue": revenue_of(events),
            "bounces": sum(visit.is_bounce for visit in visits),
        }[measure.kind]


def fits(condition: Condition, event: Event) -> bool:
    """Whether one event is like that."""
    if condition.operator is Operator.DID_NOT_HAPPEN:
        return bool(event["name"] != condition.event)
    if condition.event not in (None, event["name"]):
        return False
    if condition.property is None:
        return True
    value = event["properties"].get(condition.property)
    return compares(condition, canonical_text(value), number_of(value))


def compares(condition: Condition, text: str | None, number: float | None) -> bool:
    positive = {
        Operator.DOES_NOT_EQUAL: Operator.EQUALS,
        Operator.DOES_NOT_CONTAIN: Operator.CONTAINS,
        Operator.DOES_NOT_MATCH_REGEX: Operator.MATCHES_REGEX,
        Operator.IS_NOT_SET: Operator.IS_SET,
    }.get(condition.operator)
    if positive is not None:
        return not any_is(positive, condition.values, text, number)
    return any_is(condition.operator, condition.values, text, number)


def any_is(operator: Operator, values: tuple[str, ...], text: str | None, number: float | None) -> bool:
    if operator is Operator.IS_SET or text is None:
        return text is not None
    compared = {
        Operator.GREATER_THAN: lambda wanted: number > wanted,
        Operator.LESS_THAN: lambda wanted: number < wanted,
        Operator.AT_LEAST: lambda wanted: number >= wanted,
        Operator.AT_MOST: lambda wanted: number <= wanted,
    }
    if operator in compared:
        return number is not None and any(compared[operator](float(value)) for value in values)
    tests: dict[Operator, Any] = {
        Operator.EQUALS: text.__eq__,
        Operator.CONTAINS: text.__contains__,
        Operator.BEGINS_WITH: text.startswith,
        Operator.ENDS_WITH: text.endswith,
        Operator.MATCHES_REGEX: lambda value: re.search(value, text) is not None,
    }
    return any(tests[operator](value) for value in values)


def of_numbers(kind: str, numbers: list[float | None]) -> float | None:
    found = [number for number in numbers if number is not None]
    if not found:
        return 0 if kind == "sum" else None
    total = math.fsum(found)
    return {"sum": total, "avg": total / len(found), "median": statistics.median(found)}[kind]


def revenue_of(events: Iterable[Event]) -> dict[str, str]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for event in events:
        if event["is_counted"]:
            sums[event["currency"]] += event["worth"]
    return {currency: as_money(amount) for currency, amount in sums.items()}


def as_money(amount: Decimal) -> str:
    return f"{amount:.2f}" if amount == round(amount, 2) else f"{amount.normalize():f}"
