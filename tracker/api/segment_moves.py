"""Segment moves: asks the reports engine who has come into the segment of a trigger and who has gone, for nobody's call."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import orjson

from tracker.analytics.reports_client import ReportsClient
from tracker.api.report_params import field_finder_in
from tracker.api.segment_params import INVALID_RULE
from tracker.api.segment_rules import SegmentRules, until_of
from tracker.api.where_params import NoSegment
from tracker.delivery.trigger_parts import FollowedSegment
from tracker.questions import EVER, Condition, Head, in_segment
from tracker.questions import SegmentMoves as Question
from tracker.storage.accounts import ListNames, ListSegment, ListSettingsStore, Segments
from tracker.storage.subscribers import CustomFields
from tracker.storage.triggers import ListTrigger, MemberMoves

#: Seconds that a look may take, and people whose moves it brings.
SECONDS, AT_ONCE = 60.0, 10_000
#: Why nobody can tell now, in words for the trigger's owner.
BUILDING, AWAY = "the copy of the list for reports is being built", "reports are not available"
GONE = "the segment is gone"


class SegmentFollower:
    """The segments of lists as triggers follow them: a `Follow`."""

    def __init__(
        self,
        client: ReportsClient,
        segments: Segments,
        fields: CustomFields,
        settings: ListSettingsStore,
        names: ListNames,
        now: Callable[[], int],
    ) -> None:
        self._client, self._segments, self._fields = client, segments, fields
        self._settings, self._names, self._now = settings, names, now

    def __call__(self, trigger: ListTrigger) -> FollowedSegment | str:
        """Return who has moved since the trigger's members were kept, or why nobody can tell. Raises StorageUnavailable."""
        list_id, now = trigger.list_id, self._now()
        kept = self._segments.of_list(list_id)
        segment = next((each for each in kept if each.id == trigger.segment_id), None)
        if segment is None:
            return GONE
        try:
            asked = self._condition(kept, segment, until_of(now))
            digest = _digest(trigger, self._condition(kept, segment, 0))
        except NoSegment as fault:
            return f"the segment {fault}"
        settings = self._settings.of(list_id)
        gap_ms, events_from = settings.visit_gap_minutes * 60_000, settings.events_from or 0
        head = Head(list_id, *EVER, settings.timezone, visit_gap_ms=gap_ms, events_from=events_from, now=now)
        question = Question(head, (asked,), trigger.id, limit=AT_ONCE)
        reply = self._client.moves(question, self._names.book(list_id).spellings, SECONDS)
        if "answer" not in reply:
            return BUILDING if "building" in reply else _reason(reply)
        return FollowedSegment(shown_segment(segment), _moves(digest, reply["answer"]))

    def _condition(self, kept: list[ListSegment], segment: ListSegment, until: int) -> Condition:
        find = field_finder_in(lambda: self._fields.of_list(segment.list_id))
        rule, _ = SegmentRules(kept, INVALID_RULE, find, until)(segment.id)
        return in_segment(rule, until)


def shown_segment(segment: ListSegment) -> bytes:
    """Return a segment as messages show it."""
    return orjson.dumps({"SegmentID": segment.id, "Name": segment.name})


def _digest(trigger: ListTrigger, segment: Condition) -> bytes:
    """Return what tells members of this rule, since the trigger was set going, from others: those of others are told to nobody."""
    rule = orjson.dumps([segment, trigger.active_from], default=str)
    return hashlib.sha256(rule).digest()


def _moves(digest: bytes, answer: dict[str, Any]) -> MemberMoves:
    entered, left = answer["entered"], answer["left"]
    is_all = max(len(entered), len(left)) < AT_ONCE
    return MemberMoves(digest, answer["scope"]["as_of"], entered, left, is_all)


def _reason(reply: dict[str, Any]) -> str:
    """Return why there is no answer: it took too long, needs too much memory, or has an expression that nobody can match."""
    kind, detail = reply.get("error"), reply.get("detail")
    return f"{AWAY}: {detail}" if kind == "unavailable" and detail else str(detail or AWAY)
