"""Reference of shops: paths and attribution in plain Python, from the rules of meaning in docs/reports.md."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from typing import Any

from tests.analytics.copied_world import Event, actor_of
from tests.analytics.reference_answers import Reference
from tests.analytics.reference_events import (
    DAY,
    RangeOfEvents,
    StayOfActor,
    as_money,
    fits,
    order_of,
    parted,
    text_of,
)
from tracker.questions import (
    Attribution,
    AttributionCell,
    AttributionPlan,
    Dimension,
    Goal,
    Head,
    PathsCell,
    PathsPlan,
)

FIRST_VALUES = {
    "channel": "$channel", "source": "$utm_source", "campaign": "$utm_campaign", "referrer": "$referring_domain", "pr": "pr",
    "entry": "$pathname",
}  # fmt: skip
MILLIONTH = Decimal("0.000001")


def matching(world: Reference, head: Head) -> RangeOfEvents:
    return RangeOfEvents(world.events, world.fields, head, None, (head.begins, head.ends))


def is_like(goal: Goal, event: Event) -> bool:
    is_named = event["name"] != "identify" if goal.event is None else event["name"] == goal.event
    return is_named and all(any(fits(one, event) for one in group) for group in goal.where)


# paths


def walks(world: Reference, head: Head, plan: PathsPlan) -> list[tuple[int, list[str]]]:
    """(actor, values) of each visit with an event like that."""
    now = matching(world, head)
    found: dict[int, list[str]] = {}
    actors: dict[int, int] = {}
    for event in sorted(now.events, key=order_of):
        visit = now.visit_of[event["id"]]
        if is_like(plan.around, event) and id(visit) not in found:
            found[id(visit)] = steps_of(visit, event, plan)
            actors[id(visit)] = actor_of(event)
    return [(actors[number], steps) for number, steps in found.items()]


def steps_of(visit: StayOfActor, anchor: Event, plan: PathsPlan) -> list[str]:
    place = [event["id"] for event in visit.events].index(anchor["id"])
    way = visit.events[place:] if plan.direction == "after" else visit.events[place::-1]
    steps: list[str] = []
    last = value_of(plan.by, way[0])
    for event in way[1:]:
        value = value_of(plan.by, event)
        if value is not None and value != last:
            steps.append(value)
        last = last if value is None else value
    return steps[: plan.depth]


def value_of(by: Dimension, event: Event) -> str | None:
    if by.property is None:
        return None if event["name"] == "identify" else str(event["name"])
    return text_of(event, by.property)


def paths_of(world: Reference, head: Head, plan: PathsPlan) -> dict[str, Any]:
    found = walks(world, head, plan)
    people = {actor for actor, _ in found}
    return {
        "visits": len(found),
        "people": len(people),
        "nodes": nodes_of(found, 0, plan.depth, plan.top, len(found)),
    }


def nodes_of(
    found: list[tuple[int, list[str]]], step: int, depth: int, top: int, total: int
) -> list[dict[str, Any]]:
    if step == depth:
        return []
    groups: dict[str | None, list[tuple[int, list[str]]]] = defaultdict(list)
    for actor, steps in found:
        groups[steps[step] if step < len(steps) else None].append((actor, steps))
    ended = groups.pop(None, [])
    ordered = sorted(groups, key=lambda value: (-len(groups[value]), value or ""))
    nodes = [
        node(value, groups[value], total) | {"next": nodes_of(groups[value], step + 1, depth, top, total)}
        for value in ordered[:top]
    ]
    others = [walk for value in ordered[top:] for walk in groups[value]]
    nodes += [node(None, others, total) | {"is_others": True}] if others else []
    return nodes + ([node(None, ended, total) | {"is_end": True}] if ended else [])


def node(value: str | None, found: list[tuple[int, list[str]]], total: int) -> dict[str, Any]:
    return {
        "value": value, "visits": len(found), "people": len({actor for actor, _ in found}), "share": len(found) / total,
        "is_end": False, "is_others": False, "next": [],
    }  # fmt: skip


def path_people(world: Reference, head: Head, cell: PathsCell) -> set[int]:
    step, found = len(cell.path), []
    for actor, steps in walks(world, head, cell.plan):
        padded: list[str | None] = [*steps, None]
        if tuple(padded[:step]) == cell.path:
            found.append((actor, steps))
    if not cell.is_others:
        return {actor for actor, _ in found}
    shown = nodes_of(found, step, step + 1, cell.plan.top, 1)
    values = {each["value"] for each in shown}
    return {actor for actor, steps in found if step < len(steps) and steps[step] not in values}


# attribution


def entry_of(visit: StayOfActor, plan: AttributionPlan) -> str | None:
    value = visit.value(FIRST_VALUES[plan.entry], "entry")
    return "Direct" if plan.entry == "channel" and value is None else value


def is_direct(visit: StayOfActor, plan: AttributionPlan) -> bool:
    if plan.entry == "pr":
        return visit.value("pr", "entry") is None
    return visit.value("$channel", "entry") in (None, "Direct")


def credits_of(
    world: Reference, head: Head, plan: AttributionPlan, model: str
) -> Iterator[tuple[Event, str | None, Fraction]]:
    """(conversion, value, share) of each credit."""
    now, days = matching(world, head), plan.days * DAY
    nothing = "Direct" if plan.entry == "channel" else None
    for event in now.events:
        is_credited = now.is_goal(event) if plan.conversion is None else is_like(plan.conversion, event)
        if not is_credited:
            continue
        own = [
            each
            for each in now.by_actor[actor_of(event)]
            if head.begins - days - DAY <= each["at"] < head.ends + DAY
        ]
        visits = [v for v in parted(own, head.visit_gap_ms) if event["at"] - days <= v.begins <= event["at"]]
        if not visits:
            yield event, nothing, Fraction(1)
        elif model == "even":
            for visit in visits:
                yield event, entry_of(visit, plan), Fraction(1, len(visits))
        else:
            told = [visit for visit in visits if not is_direct(visit, plan)] or visits
            yield event, entry_of(visits[0] if model == "first" else told[-1], plan), Fraction(1)


def in_sixths(parts: dict[str | None, Fraction]) -> dict[str | None, Decimal]:
    """Shares of a whole number of millionths, rounded by the largest remainder."""
    exact = {value: Decimal(part.numerator) / Decimal(part.denominator) for value, part in parts.items()}
    found = {value: part.quantize(MILLIONTH, ROUND_FLOOR) for value, part in exact.items()}
    whole = sum(parts.values(), Fraction())
    missing = int((whole - sum(map(Fraction, found.values()), Fraction())) * 10**6)
    by_loss = sorted(
        parts, key=lambda value: (Fraction(found[value]) - parts[value], value is None, value or "")
    )
    return {value: each + (MILLIONTH if value in by_loss[:missing] else 0) for value, each in found.items()}


def summed(
    credited: list[tuple[Event, str | None, Fraction]],
) -> tuple[dict[str | None, Decimal], dict[str, dict[str | None, Decimal]]]:
    """(orders by value, money by currency and value)."""
    orders: dict[str | None, Fraction] = defaultdict(Fraction)
    money: dict[str, dict[str | None, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for event, value, share in credited:
        orders[value] += share
        if event["is_counted"]:
            money[event["currency"]][value] += Fraction(event["worth"]) * share
    return in_sixths(orders), {currency: in_sixths(parts) for currency, parts in money.items()}


def came_by(world: Reference, head: Head, plan: AttributionPlan) -> dict[str | None, set[int]]:
    now, came = matching(world, head), defaultdict(set)
    for event in now.events:
        came[entry_of(now.visit_of[event["id"]], plan)].add(actor_of(event))
    return came


def attribution_of(world: Reference, asked: Attribution) -> dict[str, Any]:
    head, plan = asked.head, asked.plan
    credited = list(credits_of(world, head, plan, plan.model))
    orders, money = summed(credited)
    _, first = summed(list(credits_of(world, head, plan, "first")))
    came = came_by(world, head, plan)

    def amounts(of: dict[str, dict[str | None, Decimal]], value: str | None) -> dict[str, str]:
        return {currency: as_money(parts[value]) for currency, parts in of.items() if value in parts}

    def order(value: str | None) -> Any:
        amount = sum((parts.get(value, Decimal()) for parts in money.values()), Decimal())
        is_credited = value in orders or any(value in parts for parts in first.values())
        return (
            not is_credited,
            -amount,
            -orders.get(value, Decimal()),
            0 if is_credited else -len(came[value]),
            value is None,
            value or "",
        )

    values = {*orders, *came, *(value for parts in first.values() for value in parts)}
    rows = [
        {
            "value": value,
            "people": len(came[value]) if value in came else 0,
            "buyers": len({actor_of(event) for event, own, _ in credited if own == value}),
            "orders": short(orders.get(value, Decimal())),
            "revenue": amounts(money, value),
            "first_revenue": amounts(first, value),
            "per_head": per_head(len(came.get(value, ())), amounts(money, value)),
        }
        for value in sorted(values, key=order)
    ]
    total = {
        "people": len(set().union(*came.values())),
        "buyers": len({actor_of(event) for event, _, _ in credited}),
        "orders": short(sum(orders.values(), Decimal())),
        "revenue": {currency: as_money(sum(parts.values(), Decimal())) for currency, parts in money.items()},
    }
    total["per_head"] = per_head(total["people"], total["revenue"])
    return {"rows": rows[asked.offset : asked.offset + asked.limit], "total": total}


def per_head(people: int, amounts: dict[str, str]) -> dict[str, str]:
    if not people:
        return {}
    shares = {currency: Decimal(amount) / people for currency, amount in amounts.items()}
    return {currency: as_money(share.quantize(MILLIONTH)) for currency, share in shares.items()}


def attribution_people(world: Reference, head: Head, cell: AttributionCell) -> set[int]:
    if cell.is_buyer:
        credited = credits_of(world, head, cell.plan, cell.plan.model)
        return {actor_of(event) for event, value, _ in credited if not cell.has_value or value == cell.value}
    came = came_by(world, head, cell.plan)
    return set().union(*(found for value, found in came.items() if not cell.has_value or value == cell.value))


def short(number: Decimal) -> str:
    return f"{number.normalize():f}" if number else "0"
