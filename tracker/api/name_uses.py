"""Uses of names: everything of a list that may name events and properties, with the texts in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from tracker import Command
from tracker.domain.alert_rule import AlertRule

#: Keys whose texts are no names of events or properties.
_NO_NAMES = frozenset({"Name", "Value", "Values", "Path", "Description"})


def all_uses(command: Command, list_id: int) -> Iterator[tuple[dict[str, Any], set[str]]]:
    """Yield everything of the list that may name events, with the texts in it."""
    stores, deadline = command.services.stores, command.deadline
    for goal in stores.goals.of_list(list_id, deadline):
        yield use_of("goal", goal.id, goal.name), {goal.event, *_texts(orjson.loads(goal.rule))}
    of_segment: dict[int | None, set[str]] = {}
    for segment in stores.segments.of_list(list_id, deadline):
        of_segment[segment.id] = {*_texts(orjson.loads(segment.rule))}
        yield use_of("segment", segment.id, segment.name), of_segment[segment.id]
    for report in stores.saved_reports.of_list(list_id, deadline):
        yield use_of("saved report", report.id, report.name), {*_texts(orjson.loads(report.params))}
    for trigger in stores.triggers.of_list(list_id, deadline):
        yield (
            use_of("trigger", trigger.id, trigger.name),
            {trigger.event, *_texts(orjson.loads(trigger.rule)), *of_segment.get(trigger.segment_id, ())},
        )
    for alert in stores.alerts.of_list(list_id, deadline):
        rule = AlertRule.read(alert.rule)
        named = {*_texts(rule.where), *filter(None, (rule.event, rule.measure))}
        yield use_of("alert", alert.id, alert.name), named
    for share in stores.shares.of_list(list_id, deadline):
        yield use_of("share link", share.id, None), {*_texts(orjson.loads(share.rule))}


def use_of(kind: str, number: int | None, name: str | None) -> dict[str, Any]:
    return {"Kind": kind, "ID": number, "Name": name}


def _texts(part: Any) -> Iterator[str]:
    """Yield the texts in conditions or parameters that may be names."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, list):
        for each in part:
            yield from _texts(each)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key not in _NO_NAMES:
                yield from _texts(value)
