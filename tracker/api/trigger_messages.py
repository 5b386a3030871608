"""Trigger messages on the wire: the body of each POST, and the conditions of triggers as goals that reports can judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from marshmallow import Schema, fields

from tracker import Command
from tracker.analytics.reports_client import ReportsClient
from tracker.api.event_responses import RECEIVED_EXAMPLE, described_received
from tracker.api.trigger_params import INVALID_RULE, rule_conditions
from tracker.delivery.trigger_parts import Judge, RenderedEvent, ToldSubscriber
from tracker.outgoing import PostResult
from tracker.questions import EventMatch
from tracker.reports.ownership import existing
from tracker.reports.recent_events import read_received
from tracker.storage.engine import Transaction
from tracker.storage.triggers import ListTrigger
from tracker.times import iso_utc

#: The type of a message that an event starts, of one on entry to a segment or exit, and of one that `trigger.test` sends.
EVENT_MESSAGE, ENTER_MESSAGE, EXIT_MESSAGE, TEST_MESSAGE = "event", "enter", "exit", "test"
#: When a made-up person moves: at the time of the made-up event.
TEST_AT = 1_769_851_800_125
#: Seconds that judging some events may take.
JUDGE_SECONDS = 10.0
#: Seconds that the request of a trial may take: a call has five.
TEST_SECONDS = 4.0


def rendered_events(transaction: Transaction, list_id: int, event_ids: Sequence[int]) -> list[RenderedEvent]:
    """Return those of the events that are stored, as `events.recent` shows them."""
    return [
        RenderedEvent(
            each.event.id,
            each.event.visitor_id,
            None if each.subscriber is None else each.subscriber.id,
            orjson.dumps(described_received(each)),
        )
        for each in read_received(transaction, list_id, event_ids)
    ]


def message_body(trigger: ListTrigger, number: int, event: bytes) -> bytes:
    """Return the body of the message about an event."""
    return _body(trigger, EVENT_MESSAGE, str(number), {"Event": orjson.Fragment(event)})


def named_people(transaction: Transaction, list_id: int, people: Sequence[int]) -> list[ToldSubscriber]:
    """Return those of the subscribers who are there."""
    return [ToldSubscriber(*each) for each in existing(transaction, list_id, people).values()]


def move_body(
    trigger: ListTrigger, number: int, segment: bytes, subscriber: ToldSubscriber, at: int
) -> bytes:
    """Return the body of the message about somebody who has come into a segment, or has gone."""
    kind = EXIT_MESSAGE if trigger.is_exit else ENTER_MESSAGE
    return _body(trigger, kind, str(number), _about_move(orjson.Fragment(segment), subscriber, at))


def send_test(command: Command, trigger: ListTrigger) -> dict[str, Any]:
    """Send a message that only tries the target; return what came of it."""
    body = _body(trigger, TEST_MESSAGE, None, _made_up(trigger))
    number = command.services.ingest.new_id(command.deadline)
    result = command.services.triggers.test(trigger, number, body, TEST_SECONDS)
    return post_answer(result, body)


class PostedTest(Schema):
    """What came of a request."""

    IsAccepted = fields.Boolean(required=True, metadata={"description": "Whether the answer was a 2xx"})
    Status = fields.Integer(required=True, allow_none=True)
    Failure = fields.String(required=True, allow_none=True)
    Milliseconds = fields.Integer(required=True)
    Request = fields.Dict(required=True, metadata={"description": "The body that was sent"})
    Response = fields.String(required=True, metadata={"description": "The answer's body, up to 64 KiB"})


def post_answer(result: PostResult, body: bytes) -> dict[str, Any]:
    """Return what came of a request that was a test."""
    return {
        "IsAccepted": result.status is not None and 200 <= result.status < 300,
        "Status": result.status,
        "Failure": result.error,
        "Milliseconds": result.milliseconds,
        "Request": orjson.loads(body),
        "Response": result.answer.decode(errors="replace"),
    }


def judge_of(client: ReportsClient) -> Judge:
    """Return the function that asks the reports process which events the conditions of triggers hold for."""

    def judge(
        list_id: int, event_ids: Sequence[int], triggers: Sequence[ListTrigger]
    ) -> Mapping[int, set[int] | None] | None:
        goals = tuple(rule_conditions(each.event, orjson.loads(each.rule), INVALID_RULE) for each in triggers)
        judged = client.judge(EventMatch(list_id, tuple(event_ids), goals), JUDGE_SECONDS)
        if judged is None:
            return None
        found = zip(triggers, judged, strict=True)
        return {trigger.id: None if ids is None else set(ids) for trigger, ids in found}

    return judge


def _about_move(segment: Any, subscriber: ToldSubscriber, at: int) -> dict[str, Any]:
    return {
        "Segment": segment,
        "NoticedAt": iso_utc(at),
        "SubscriberID": str(subscriber.id),
        "Subscriber": {"EmailAddress": subscriber.email, "ExternalID": subscriber.external_id},
    }


def _made_up(trigger: ListTrigger) -> dict[str, Any]:
    """Return what a message that only tries the target is about."""
    if trigger.segment_id is None:
        return {"Event": RECEIVED_EXAMPLE}
    subscriber = ToldSubscriber(
        int(RECEIVED_EXAMPLE["SubscriberID"]), *RECEIVED_EXAMPLE["Subscriber"].values()
    )
    return _about_move({"SegmentID": trigger.segment_id, "Name": "Test"}, subscriber, TEST_AT)


def _body(trigger: ListTrigger, kind: str, number: str | None, about: dict[str, Any]) -> bytes:
    return orjson.dumps({
        "Type": kind,
        "DeliveryID": number,
        "ListID": trigger.list_id,
        "TriggerID": trigger.id,
        "Trigger": trigger.name,
        **about,
    })  # fmt: skip
