"""Uses of names and segments: everything of a list that names events, properties and segments, each kind in one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

from tracker import Command
from tracker.api.segment_params import INVALID_RULE
from tracker.api.segment_rules import named_segments
from tracker.domain.alert_rule import AlertRule, segments_in
from tracker.storage.accounts import SavedReport

#: Keys whose texts are no names of events or properties.
_NO_NAMES = frozenset({"Name", "Value", "Values", "Path", "Description"})
_NOTHING: frozenset[Any] = frozenset()


@dataclass(frozen=True, slots=True)
class Use:
    """Something that names events, properties (`texts` may be such names) or segments (their numbers)."""

    kind: str
    number: int | None
    name: str | None
    texts: frozenset[str] = _NOTHING
    segments: frozenset[int] = _NOTHING

    @property
    def words(self) -> str:
        return f"{self.kind} {self.number if self.name is None else f'`{self.name}`'}"

    def told(self) -> dict[str, Any]:
        return {"Kind": self.kind, "ID": self.number, "Name": self.name}


class ListUses:
    """The uses of a list, kind by kind. Share links that have ended are none."""

    def __init__(self, command: Command, list_id: int) -> None:
        self._list_id, self._deadline = list_id, command.deadline
        self._stores, self._now = command.services.stores, command.now
        self._tiles = command.services.registry.tiles

    def __iter__(self) -> Iterator[Use]:
        for source in SOURCES.values():
            yield from source(self)

    def goals(self) -> Iterator[Use]:
        for goal in self._stores.goals.of_list(self._list_id, self._deadline):
            yield Use("goal", goal.id, goal.name, frozenset({goal.event, *_texts(orjson.loads(goal.rule))}))

    def segments(self) -> Iterator[Use]:
        for segment in self._stores.segments.of_list(self._list_id, self._deadline):
            texts, named = frozenset(_texts(orjson.loads(segment.rule))), _segments_of(segment.rule)
            yield Use("segment", segment.id, segment.name, texts, named - {segment.id})

    def saved_reports(self) -> Iterator[Use]:
        yield from self._reports.values()

    def triggers(self) -> Iterator[Use]:
        """Yield the triggers of the list: one on a segment names what the segment does."""
        for trigger in self._stores.triggers.of_list(self._list_id, self._deadline):
            followed = frozenset() if trigger.segment_id is None else frozenset({trigger.segment_id})
            texts = frozenset({trigger.event, *_texts(orjson.loads(trigger.rule)), *self._named_by(followed)})
            yield Use("trigger", trigger.id, trigger.name, texts, followed)

    def alerts(self) -> Iterator[Use]:
        """Yield the alerts of the list: one on a segment names what the segment does."""
        for alert in self._stores.alerts.of_list(self._list_id, self._deadline):
            rule = AlertRule.read(alert.rule)
            followed = frozenset(segments_in(rule))
            named = {
                *_texts(rule.where),
                *filter(None, (rule.event, rule.measure)),
                *self._named_by(followed),
            }
            yield Use("alert", alert.id, alert.name, frozenset(named), followed)

    def shares(self) -> Iterator[Use]:
        for share in self._stores.shares.of_list(self._list_id, self._deadline):
            if share.ends_at is None or share.ends_at > self._now:
                yield self._showing("share link", share.id, share.saved_report_id, share.rule)

    def schedules(self) -> Iterator[Use]:
        for schedule in self._stores.schedules.of_list(self._list_id, self._deadline):
            yield self._showing("schedule", schedule.id, schedule.saved_report_id, b"[]")

    def products(self) -> Iterator[Use]:
        names = self._stores.list_settings.of(self._list_id, self._deadline).products
        if names:
            yield Use("products", None, None, frozenset(names))

    def tiles(self) -> Iterator[Use]:
        """Yield those that show a report: each is on the overview of every list."""
        for tile in self._tiles:
            if tile.report is not None:
                yield Use("tile", None, tile.title, frozenset(_texts(tile.report[1])))

    def _named_by(self, segments: frozenset[int]) -> Iterator[str]:
        for number in segments:
            yield from _texts(orjson.loads(self._rules.get(number, b"[]")))

    @cached_property
    def _rules(self) -> dict[int, bytes]:
        found = self._stores.segments.of_list(self._list_id, self._deadline)
        return {segment.id: segment.rule for segment in found}

    @cached_property
    def _reports(self) -> dict[int, Use]:
        found = self._stores.saved_reports.of_list(self._list_id, self._deadline)
        return {report.id: _saved(report) for report in found}

    def _showing(self, kind: str, number: int, report_id: int | None, rule: bytes) -> Use:
        """Return a use that shows a saved report, or the overview, with further conditions."""
        report = None if report_id is None else self._reports.get(report_id)
        texts, segments = frozenset(_texts(orjson.loads(rule))), _segments_of(rule)
        if report is None:
            return Use(kind, number, None, texts, segments)
        return Use(kind, number, report.name, texts | report.texts, segments | report.segments)


#: Each kind of use, in the order in which they are told.
SOURCES: dict[str, Callable[[ListUses], Iterator[Use]]] = {
    "goal": ListUses.goals,
    "segment": ListUses.segments,
    "trigger": ListUses.triggers,
    "saved report": ListUses.saved_reports,
    "alert": ListUses.alerts,
    "share link": ListUses.shares,
    "schedule": ListUses.schedules,
    "products": ListUses.products,
    "tile": ListUses.tiles,
}


def _saved(report: SavedReport) -> Use:
    params = orjson.loads(report.params)
    segments = _segments_of(orjson.dumps(params.get("Where", [])))
    if "SegmentID" in params:
        segments |= {int(params["SegmentID"])}
    return Use("saved report", report.id, report.name, frozenset(_texts(params)), segments)


def _segments_of(rule: bytes) -> frozenset[int]:
    return frozenset(named_segments(rule, INVALID_RULE))


def _texts(part: Any) -> Iterator[str]:
    """Yield the texts in conditions or parameters that may be names."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, list | tuple):
        for each in part:
            yield from _texts(each)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key not in _NO_NAMES:
                yield from _texts(value)
