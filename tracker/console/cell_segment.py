"""Cell segments: the rule of a segment that has the people behind a number, as far as conditions of persons can say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tracker.console.report_address import Condition

#: What people have done who are in a number of this measure.
_DID = {"views": "page_view", "conversions": "conversion", "revenue": "conversion", "rate": "conversion"}
#: The name in the setting `Products` of what people did with a product.
_DEEDS = {"seen": "Seen", "in cart": "InCart", "bought": "Bought"}
#: Why a number of a report on people is no rule.
_NO_RULE = {
    "reports.funnel": "A segment cannot ask for the order of steps and the time between them.",
    "reports.retention": "A segment cannot ask when somebody came first, and when again.",
    "reports.paths": "A segment cannot ask for the order of pages.",
    "reports.attribution": "A segment cannot ask what brought somebody to a purchase.",
}


_SEVERAL = "A segment cannot ask for several things of one event."


class _NotWritable(Exception):
    """Says in a sentence why there is no rule."""


@dataclass(frozen=True, slots=True)
class PeopleAsked:
    """The people of a page: the filters of the address, an event, a measure, a cell of another report, and of how many last days."""

    conditions: list[Any]
    event: str | None = None
    measure: str | None = None
    cell: Any = None
    segment: int | None = None
    goal: str | None = None
    days: int | None = None


def segment_rule(asked: PeopleAsked, products: Mapping[str, Any]) -> tuple[list[Any], str]:
    """Return the rule, and "" or what it leaves out; or no rule, and why. `products` are the names of a list's products."""
    try:
        deed = _deed(asked, products)
        rule = _conditions_of(asked.conditions, deed)
    except _NotWritable as why:
        return [], str(why)
    if asked.segment is not None:
        rule.append({"Of": "person", "Segment": asked.segment, "Is": "in"})
    if deed is not None and not any(_is_of(each, deed["Event"]) for each in rule):
        rule.append(deed)
    if not rule:
        return [], "Everybody is in this number: filter it first."
    days = {} if asked.days is None else {"Days": asked.days}
    dated = [_dated(each, days) for each in rule]
    is_timed = dated != rule or not any(_has_event(each) for each in rule)
    return dated, "" if is_timed else "It has everybody who did this at any time, not in these days alone."


def _deed(asked: PeopleAsked, products: Mapping[str, Any]) -> Condition | None:
    """Return what everybody has done who is in the number; None if that is anything."""
    if asked.cell:
        return _of_cell(asked.cell, products)
    if asked.goal and asked.measure in ("conversions", "rate"):
        raise _NotWritable("A segment is made of events: write down those of the goal.")
    event = asked.event or _DID.get(asked.measure or "")
    return _did(event) if event else None


def _of_cell(cell: Any, products: Mapping[str, Any]) -> Condition:
    report = str(cell.get("Report")) if isinstance(cell, Mapping) else ""
    if report == "reports.funnel" and cell.get("Step") == 1 and cell.get("Is", "reached") == "reached":
        steps = cell.get("Steps")
        first = steps[0] if isinstance(steps, list) and steps else None
        if "Value" not in cell and isinstance(first, (str, Mapping)):
            return _of_step(first)
    if report == "reports.products":
        event = products.get(_DEEDS.get(str(cell.get("Is", "bought")), ""))
        name = products.get("ID")
        if event and "Product" not in cell:
            return _did(str(event))
        if event and name:
            return {**_did(str(event)), "Property": name, "Is": "equals", "Value": cell["Product"]}
    raise _NotWritable(_NO_RULE.get(report, "A segment cannot say this."))


def _of_step(step: str | Mapping[str, Any]) -> Condition:
    if isinstance(step, str):
        return _did(step)
    event, where = step.get("Event"), step.get("Where") or []
    where = where if isinstance(where, list) else [where]
    if not isinstance(event, str) or len(where) > 1 or not all(isinstance(each, Mapping) for each in where):
        raise _NotWritable(_SEVERAL)
    return _counted(where[0], event) if where else _did(event)


def _conditions_of(conditions: list[Any], deed: Condition | None) -> list[Any]:
    found = [_condition_of(each, deed) for each in conditions]
    if sum(map(_is_of_event, conditions)) > 1:
        raise _NotWritable(_SEVERAL)
    return found


def _condition_of(condition: Any, deed: Condition | None) -> Any:
    """Return a filter as a condition of the person; an inner list, any of which will do, as one of such."""
    if isinstance(condition, list):
        return [_condition_of(each, deed) for each in condition]
    if not isinstance(condition, Mapping):
        raise _NotWritable("A filter of this address cannot be read.")
    of = condition.get("Of", "event")
    if of == "person" or condition.get("Segment") is not None:
        return dict(condition)
    if of != "event":
        raise _NotWritable("A segment asks what somebody did: a filter of visits cannot be a part of it.")
    event = condition.get("Event") or (deed or {}).get("Event")
    if not event:
        raise _NotWritable(
            "A segment needs the name of an event for each filter: choose an event of the number first."
        )
    if deed is not None and "Property" in deed:
        raise _NotWritable(_SEVERAL)
    return _counted(condition, str(event))


def _counted(condition: Mapping[str, Any], event: str) -> Condition:
    return {**{key: value for key, value in condition.items() if key != "At"}, "Of": "person", "Event": event}


def _did(event: str) -> Condition:
    return {"Of": "person", "Event": event, "Is": "happened"}


def _is_of_event(condition: Any) -> bool:
    if isinstance(condition, list):
        return any(map(_is_of_event, condition))
    return condition.get("Of", "event") == "event" and condition.get("Segment") is None


def _has_event(condition: Any) -> bool:
    if isinstance(condition, list):
        return any(map(_has_event, condition))
    return "Event" in condition and "Days" not in condition


def _is_of(condition: Any, event: Any) -> bool:
    """Whether who is like that has done the event, so that it need not be said once more."""
    if isinstance(condition, list):
        return bool(condition) and all(_is_of(each, event) for each in condition)
    return bool(condition.get("Event") == event and condition.get("Is") != "did not happen")


def _dated(condition: Any, days: Mapping[str, int]) -> Any:
    if isinstance(condition, list):
        return [_dated(each, days) for each in condition]
    return {**condition, **days} if "Event" in condition and "Days" not in condition else condition
