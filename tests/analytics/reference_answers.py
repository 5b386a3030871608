"""Reference: every question answered in plain Python over a list of events, from the rules of meaning in docs/reports.md.

Nothing here is quick, and nothing knows SQL. Of the product it uses the questions, their times, and the text of a value.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from decimal import Decimal
from typing import Any

from tests.analytics import reference_journeys
from tests.analytics.copied_world import Event, actor_of
from tests.analytics.reference_events import (
    Fields,
    RangeOfEvents,
    StayOfActor,
    order_of,
    parted,
    revenue_of,
    text_of,
)
from tracker.questions import (
    Breakdown,
    Dimension,
    EventIds,
    Funnel,
    Head,
    Measure,
    Operator,
    People,
    Retention,
    SegmentSizes,
    Trend,
    Values,
    Visit,
    Visits,
    bucket_begins,
)

DAY = 86_400_000
ADDS_UP = ("views", "events", "conversions", "revenue", "sum")


class Reference:
    """Answers of one world: its events, and the custom fields of its people."""

    def __init__(self, events: list[Event], fields: Fields, as_of: int) -> None:
        self.events, self.fields, self.as_of = events, fields, as_of

    def answer(self, question: Any) -> dict[str, Any]:
        answers: dict[type[Any], Any] = {
            Trend: self.trend,
            Breakdown: self.breakdown,
            People: self.people,
            Values: self.values,
            Visits: self.visits,
            Visit: self.visit,
            EventIds: self.event_ids,
            Funnel: self.funnel,
            Retention: self.retention,
            SegmentSizes: self.segment_sizes,
        }
        answer: dict[str, Any] = answers[type(question)](question)
        if isinstance(question, Visit):
            visit = answer["visit"]
            begins, ends = (visit["begins"], visit["ends"] + 1) if visit else (0, 0)
            kept_from = question.events_from
        else:
            begins, ends, kept_from = question.head.begins, question.head.ends, question.head.events_from
        looked_at = [e for e in self.events if max(begins, kept_from) <= e["at"] < ends]
        robots = sum(event["is_bot"] for event in looked_at)
        is_complete = self.as_of >= ends
        scope = {
            "events": len(looked_at) - robots,
            "robots": robots,
            "left_out": 0,
            "as_of": self.as_of,
            "is_complete": is_complete,
        }
        return {**answer, "scope": scope}

    def matching(self, question: Any, times: tuple[int, int] | None = None) -> RangeOfEvents:
        head = question.head
        return RangeOfEvents(
            self.events, self.fields, head, question.event, times or (head.begins, head.ends)
        )

    def all_matching(self, head: Head, times: tuple[int, int]) -> RangeOfEvents:
        """Events of other times than the head's, to which its conditions belong."""
        days_before = head.ends if times != head.before else 0
        return RangeOfEvents(self.events, self.fields, head, None, times, days_before)

    def funnel(self, question: Funnel) -> dict[str, Any]:
        head = question.head
        before = None if head.before is None else self.all_matching(head, head.before)
        return reference_journeys.funnel(question, self.all_matching(head, (head.begins, head.ends)), before)

    def retention(self, question: Retention) -> dict[str, Any]:
        times = reference_journeys.ranges_of_retention(question.head, question.plan)
        return reference_journeys.retention(
            question, *(self.all_matching(question.head, each) for each in times)
        )

    def trend(self, trend: Trend) -> dict[str, Any]:
        head, now = trend.head, self.matching(trend)
        values: list[Any] = [None]
        has_more = False
        if trend.by is not None:
            first = trend.measures[0]
            order = first if first.kind in (*ADDS_UP, "people", "visits") else Measure("events")
            cells = [cell[0] for cell, _ in ranked(now, (trend.by,), order)]
            values, has_more = cells[: trend.top], len(cells) > trend.top
        series = [self.line(now, trend, measure, value) for measure in trend.measures for value in values]
        if head.before is not None:
            earlier = self.matching(trend, head.before)
            lines = [
                self.line(earlier, trend, measure, value) for measure in trend.measures for value in values
            ]
            for one, before in zip(series, lines, strict=True):
                one["before"] = {"points": before["points"], "total": before["total"]}
        times = bucket_begins(trend.interval, head.begins, head.ends, head.zone)
        return {"times": times, "series": series, "has_more": has_more}

    def line(self, found: RangeOfEvents, trend: Trend, measure: Measure, value: str | None) -> dict[str, Any]:
        own = [e for e in found.events if trend.by is None or found.value(trend.by, e) == value]
        begins = bucket_begins(trend.interval, found.begins, found.ends, trend.head.zone)
        parts: list[list[Event]] = [[] for _ in begins]
        for event in own:
            parts[bisect_right(begins, event["at"]) - 1].append(event)
        points = [found.measured(part, measure) for part in parts]
        return {
            "measure": measure.word,
            "value": value,
            "points": points,
            "total": found.measured(own, measure),
        }

    def breakdown(self, breakdown: Breakdown) -> dict[str, Any]:
        head, now, asked = breakdown.head, self.matching(breakdown), breakdown.measures
        order = breakdown.sort or asked[0]
        page = ranked(now, breakdown.by, order)[breakdown.offset : breakdown.offset + breakdown.limit]
        earlier = None if head.before is None else self.matching(breakdown, head.before)
        rows = []
        for cell, events in page:
            row = {"values": list(cell), **{each.word: now.measured(events, each) for each in asked}}
            if earlier is not None:
                then = [e for e in earlier.events if tuple(earlier.value(d, e) for d in breakdown.by) == cell]
                row["before"] = {each.word: earlier.measured(then, each) for each in asked}
            rows.append(row)
        shown = {event["id"] for _, events in page for event in events}
        left = [event for event in now.events if event["id"] not in shown]
        return {
            "rows": rows,
            "others": {m.word: now.measured(left, m) if m.kind in ADDS_UP else None for m in asked},
            "total": {each.word: now.measured(now.events, each) for each in asked},
            "before_total": earlier and {each.word: earlier.measured(earlier.events, each) for each in asked},
        }

    def people(self, people: People) -> dict[str, Any]:
        now = self.matching(people)
        groups: dict[int, list[Event]] = defaultdict(list)
        among = people.cell and reference_journeys.actors_of(people.cell, people.head, self.all_matching)
        for event in now.events:
            if among is not None and actor_of(event) not in among:
                continue
            if not counts(now, event, people.measure):
                continue
            if people.subscribers is not None and event["person"] not in people.subscribers:
                continue
            if event["person"] is not None or not people.is_known:
                groups[actor_of(event)].append(event)
        shown = [person_row(now, actor, events) for actor, events in groups.items()]
        shown.sort(key=lambda row: (-size(row[people.sort]), row["actor"]))
        return {"people": shown[people.offset : people.offset + people.limit], "total": len(shown)}

    def values(self, values: Values) -> dict[str, Any]:
        found = ranked(self.matching(values), (values.dimension,), Measure("events"))
        part = values.search.lower()
        rows = [(cell[0], len(events)) for cell, events in found]
        rows = [(value, count) for value, count in rows if value not in values.left_out]
        chosen = [(value, count) for value, count in rows if not part or part in (value or "").lower()]
        return {"values": [{"value": value, "events": count} for value, count in chosen[: values.limit]]}

    def visits(self, visits: Visits) -> dict[str, Any]:
        now = self.matching(visits)
        found = {id(visit): visit for event in now.events if (visit := now.visit_of[event["id"]])}.values()
        ordered = sorted(found, key=lambda visit: (-visit.begins, actor_of(visit.events[0])))
        page = ordered[visits.offset : visits.offset + visits.limit]
        return {"visits": [described(visit) for visit in page], "total": len(ordered)}

    def visit(self, visit: Visit) -> dict[str, Any]:
        kept = [e for e in self.events if not e["is_bot"] and e["at"] >= visit.events_from]
        chosen = [event for event in kept if event["id"] == visit.event_id]
        if not chosen:
            return {"visit": None, "events": []}
        [event] = chosen
        own = [e for e in kept if actor_of(e) == actor_of(event) and -DAY <= e["at"] - event["at"] < DAY]
        stays = parted(sorted(own, key=order_of), visit.visit_gap_ms)
        [found] = [stay for stay in stays if event in stay.events]
        return {"visit": described(found), "events": [each["id"] for each in found.events]}

    def segment_sizes(self, sizes: SegmentSizes) -> dict[str, Any]:
        head = sizes.head
        ever = RangeOfEvents(self.events, self.fields, head, None, (head.begins, head.ends))
        persons = {event["person"] for event in ever.kept}
        everybody = set(ever.by_actor)
        if sizes.subscriber is not None:
            everybody &= {sizes.subscriber} & persons
        found = [
            everybody & ever.members(each) if each.operator is Operator.IN else everybody - ever.members(each)
            for each in sizes.segments
        ]
        seen = {actor: own[-1]["at"] for actor, own in ever.by_actor.items()}
        shown = sorted(found[0], key=lambda actor: (-seen[actor], actor))[: sizes.examples]
        rows = [person_row(ever, actor, ever.by_actor[actor]) for actor in shown]
        return {"sizes": [len(each) for each in found], "of": len(everybody), "people": rows}

    def event_ids(self, ids: EventIds) -> dict[str, Any]:
        matching = [order_of(event) for event in self.matching(ids).events]
        page = [list(each) for each in matching if ids.after is None or each > ids.after][: ids.limit]
        return {"ids": page, "next": page[-1] if len(page) == ids.limit else None}


def ranked(found: RangeOfEvents, by: tuple[Dimension, ...], order: Measure) -> list[tuple[Any, list[Event]]]:
    """Return the cells with their events, the largest first, then by values; not set comes last."""
    cells: dict[Any, list[Event]] = defaultdict(list)
    for event in found.events:
        cells[tuple(found.value(each, event) for each in by)].append(event)
    sizes = {cell: size(found.measured(events, order)) for cell, events in cells.items()}
    ordered = sorted(cells, key=lambda cell: (-sizes[cell], [(value is None, value or "") for value in cell]))
    return [(cell, cells[cell]) for cell in ordered]


def counts(now: RangeOfEvents, event: Event, measure: str) -> bool:
    """Whether an event is one of those that make the number."""
    if measure in ("conversions", "rate"):
        return now.is_goal(event)
    if measure == "revenue":
        return bool(event["is_counted"])
    return measure != "views" or event["name"] == "page_view"


def size(value: Any) -> Any:
    if isinstance(value, dict):
        return sum(map(Decimal, value.values()), Decimal())
    return float("-inf") if value is None else value


def person_row(now: RangeOfEvents, actor: int, events: list[Event]) -> dict[str, Any]:
    ever = now.by_actor[actor]
    sources = [text for event in ever if (text := text_of(event, "$channel")) is not None]
    return {
        "actor": actor,
        "person": events[0]["person"],
        "visitor": max((event["at"], event["visitor"]) for event in ever)[1],
        "last_seen": max(event["at"] for event in ever),
        "first_seen": min(event["at"] for event in ever),
        "events": len(events),
        "revenue": revenue_of(events),
        "source": sources[0] if sources else None,
    }


def described(visit: StayOfActor) -> dict[str, Any]:
    first, last = visit.events[0], visit.events[-1]
    return {
        "visit": first["id"],
        "actor": actor_of(first),
        "person": first["person"],
        "visitor": last["visitor"],
        "begins": visit.begins,
        "ends": visit.ends,
        "seconds": (visit.ends - visit.begins) / 1000,
        "events": len(visit.events),
        "entry": visit.value("$pathname", "entry"),
        "exit": visit.value("$pathname", "exit"),
        "channel": visit.value("$channel", "entry"),
        "campaign": visit.value("$utm_campaign", "entry"),
        "device": visit.value("$device_type", "entry"),
        "country": visit.value("$country", "entry"),
        "revenue": revenue_of(visit.events),
    }
