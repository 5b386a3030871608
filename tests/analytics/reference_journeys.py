"""Reference of journeys: funnels, retention, and the people in their cells, in plain Python from the words of docs/reports.md."""

from __future__ import annotations

import statistics
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from tests.analytics.copied_world import Event, actor_of
from tests.analytics.reference_events import RangeOfEvents, fits, order_of, revenue_of, text_of
from tracker.questions import (
    Funnel,
    FunnelCell,
    FunnelPlan,
    Goal,
    Head,
    Retention,
    RetentionCell,
    RetentionPlan,
    bucket_begins,
)

FOREVER = 10**15
#: Returns the events of some times that match a head.
Matching = Callable[[Head, tuple[int, int]], RangeOfEvents]


class Attempt(NamedTuple):
    """An attempt: its unit, the events of that, the first event, the one that was reached last, and when each step was reached."""

    unit: Any
    events: list[Event]
    first: Event
    last: Event
    times: list[int]


def is_step(goal: Goal, event: Event) -> bool:
    named = event["name"] != "identify" if goal.event is None else event["name"] == goal.event
    return named and all(any(fits(one, event) for one in group) for group in goal.where)


def attempts_of(plan: FunnelPlan, found: RangeOfEvents) -> list[Attempt]:
    """The attempt of each person or visit that counts."""
    units: dict[Any, list[Event]] = defaultdict(list)
    for event in found.events:
        visit = found.visit_of[event["id"]].begins if plan.is_in_visit else None
        units[actor_of(event), visit].append(event)
    best: dict[Any, Attempt] = {}
    for unit, events in units.items():
        owner = unit if plan.count == "visits" else unit[0]
        for first in events:
            made = attempt_from(plan, unit, events, first)
            if made is not None and (owner not in best or is_better(made, best[owner])):
                best[owner] = made
    return list(best.values())


def is_better(one: Attempt, other: Attempt) -> bool:
    return (-len(one.times), order_of(one.first)) < (-len(other.times), order_of(other.first))


def attempt_from(plan: FunnelPlan, unit: Any, events: list[Event], first: Event) -> Attempt | None:
    within = FOREVER if plan.within_ms is None else plan.within_ms
    reachable = [e for e in events if order_of(e) >= order_of(first) and e["at"] - first["at"] <= within]
    path = {"any": in_any_order, "strict": strictly, "in_order": in_order}[plan.order](plan, reachable)
    return Attempt(unit, events, first, path[-1], [e["at"] for e in path]) if path else None


def in_any_order(plan: FunnelPlan, reachable: list[Event]) -> list[Event]:
    """By which event had all steps up to each been there? None, unless the first event is one of them."""
    path: list[Event] = []
    for step in plan.steps:
        events = [event for event in reachable if is_step(step, event)]
        if not events:
            break
        path.append(max([events[0], *path[-1:]], key=order_of))
    is_own = any(is_step(step, reachable[0]) for step in plan.steps[: len(path)])
    return path if is_own else []


def strictly(plan: FunnelPlan, reachable: list[Event]) -> list[Event]:
    seen = [e for e in reachable if e["name"] != "identify" or any(is_step(step, e) for step in plan.steps)]
    path: list[Event] = []
    for step, event in zip(plan.steps, seen if seen[:1] == reachable[:1] else [], strict=False):
        if not is_step(step, event):
            break
        path.append(event)
    return path


def in_order(plan: FunnelPlan, reachable: list[Event]) -> list[Event]:
    if not is_step(plan.steps[0], reachable[0]):
        return []
    path = reachable[:1]
    for step in plan.steps[1:]:
        after = [e for e in reachable if order_of(e) > order_of(path[-1]) and is_step(step, e)]
        if not after:
            break
        path.append(after[0])
    return path


def funnel(question: Funnel, now: RangeOfEvents, before: RangeOfEvents | None) -> dict[str, Any]:
    plan = question.plan
    found = attempts_of(plan, now)
    answer: dict[str, Any] = {
        "steps": steps_of(plan, found),
        "groups": [],
        "times": [],
        "over": [],
        "before": None,
    }
    if question.has_next:
        for number, step in enumerate(answer["steps"], 1):
            leavers = [each for each in found if len(each.times) == number < len(plan.steps)]
            step["next"] = next_of(leavers)
    if plan.by is not None:
        groups: dict[str | None, list[Attempt]] = defaultdict(list)
        for each in found:
            groups[now.value(plan.by, each.first)].append(each)
        ordered = sorted(groups, key=lambda value: (-len(groups[value]), value is None, value or ""))
        answer["groups"] = [{"value": v, "steps": steps_of(plan, groups[v])} for v in ordered[: question.top]]
    if question.interval is not None:
        head = question.head
        begins = bucket_begins(question.interval, head.begins, head.ends, head.zone)
        parts: list[list[Attempt]] = [[] for _ in begins]
        for each in found:
            parts[bisect_right(begins, each.first["at"]) - 1].append(each)
        answer["times"], answer["over"] = begins, [counts_of(plan, part) for part in parts]
    if before is not None:
        answer["before"] = steps_of(plan, attempts_of(plan, before))
    return answer


def counts_of(plan: FunnelPlan, found: list[Attempt]) -> list[int]:
    return [sum(len(each.times) > number for each in found) for number in range(len(plan.steps))]


def steps_of(plan: FunnelPlan, found: list[Attempt]) -> list[dict[str, Any]]:
    people, shown = counts_of(plan, found), []
    for number, count in enumerate(people):
        reached = [each for each in found if len(each.times) > number]
        took = [each.times[number] - each.times[number - 1] for each in reached] if number else []
        before = people[number - 1] if number else 0
        shown.append(
            {
                "people": count,
                "of_first": count / people[0] if people[0] else None,
                "of_before": count / before if before else None,
                "seconds": statistics.median(took) / 1000 if took else None,
                "left": count - people[number + 1] if number + 1 < len(people) else 0,
                "revenue": revenue_of(spent_by(plan, reached)),
            }
        )
    return shown


def spent_by(plan: FunnelPlan, found: Iterable[Attempt]) -> Iterable[Event]:
    within = FOREVER if plan.within_ms is None else plan.within_ms
    for each in found:
        yield from (e for e in each.events if 0 <= e["at"] - each.first["at"] <= within)


def next_of(leavers: list[Attempt]) -> list[dict[str, Any]]:
    counted: dict[Any, int] = defaultdict(int)
    for each in leavers:
        after = [e for e in each.events if order_of(e) > order_of(each.last) and e["name"] != "identify"]
        event = after[0] if after else None
        page = text_of(event, "$pathname") if event and event["name"] == "page_view" else None
        counted[event and event["name"], page] += 1
    ordered = sorted(counted, key=lambda did: (-counted[did], *((part is None, part or "") for part in did)))
    return [{"event": name, "page": page, "people": counted[name, page]} for name, page in ordered[:5]]


class Cohort(NamedTuple):
    """The people of a cohort, with the periods after its own in which each came back."""

    begins: int
    people: dict[int, set[int]]


def cohorts_of(plan: RetentionPlan, head: Head, ever: RangeOfEvents, later: RangeOfEvents) -> list[Cohort]:
    begins = bucket_begins(plan.interval, head.begins, head.ends, head.zone)
    periods = plan.periods_of(head.begins, head.ends, head.zone)
    cohorts = [Cohort(each, {}) for each in begins]
    firsts: dict[int, int] = {}
    for event in ever.events:
        if is_step(plan.first, event):
            firsts.setdefault(actor_of(event), event["at"])
    for actor, moment in firsts.items():
        if moment >= head.begins:
            cohorts[bisect_right(begins, moment) - 1].people[actor] = set()
    for event in later.events:
        for number, cohort in enumerate(cohorts):
            if is_step(plan.again, event) and actor_of(event) in cohort.people:
                cohort.people[actor_of(event)].add(bisect_right(periods, event["at"]) - 1 - number)
    return cohorts


def retention(question: Retention, ever: RangeOfEvents, later: RangeOfEvents) -> dict[str, Any]:
    plan, head = question.plan, question.head
    periods = plan.periods_of(head.begins, head.ends, head.zone)
    shown = []
    for number, cohort in enumerate(cohorts_of(plan, head, ever, later)):
        returned: list[int | None] = []
        for period in range(1, plan.periods + 1):
            count = sum(period in came for came in cohort.people.values())
            returned.append(count if periods[number + period] <= head.now else None)
        complete = sum(periods[number + period + 1] <= head.now for period in range(1, plan.periods + 1))
        shown.append(
            {
                "begins": cohort.begins,
                "people": len(cohort.people),
                "returned": returned,
                "complete": complete,
            }
        )
    return {"cohorts": shown, "average": [average_of(shown, period) for period in range(plan.periods)]}


def average_of(cohorts: list[dict[str, Any]], period: int) -> float | None:
    over = [each for each in cohorts if each["complete"] > period]
    people = sum(each["people"] for each in over)
    return sum(each["returned"][period] for each in over) / people if people else None


def ranges_of_retention(head: Head, plan: RetentionPlan) -> tuple[tuple[int, int], tuple[int, int]]:
    """The times in which firsts and returns are looked for."""
    periods = plan.periods_of(head.begins, head.ends, head.zone)
    return (0, head.ends), (periods[1], periods[-1])


def actors_of(cell: Any, head: Head, matching: Matching) -> set[int]:
    """Who is in a cell?"""
    if isinstance(cell, RetentionCell):
        ever, later = (matching(head, each) for each in ranges_of_retention(head, cell.plan))
        [cohort] = [each for each in cohorts_of(cell.plan, head, ever, later) if each.begins == cell.cohort]
        return {actor for actor, came in cohort.people.items() if cell.period in {0, *came}}
    assert isinstance(cell, FunnelCell)
    now, count = matching(head, (head.begins, head.ends)), len(cell.plan.steps)
    found = attempts_of(cell.plan, now)
    if cell.has_value:
        assert cell.plan.by is not None
        found = [each for each in found if now.value(cell.plan.by, each.first) == cell.value]
    if cell.is_left:
        return {each.unit[0] for each in found if len(each.times) == cell.step < count}
    return {each.unit[0] for each in found if len(each.times) >= cell.step}
