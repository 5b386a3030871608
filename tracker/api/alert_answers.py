"""Alert answers: an alert as it stands, the times at which it was bad, and what was told of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from marshmallow import Schema, fields

from tracker import Command
from tracker.api.alert_messages import TURNS, reading_answer
from tracker.api.alert_params import COLUMNS, NOT_FOUND
from tracker.api.alert_words import rule_words
from tracker.api.delivery_params import DeliveryAttempt, attempt_answers
from tracker.api.report_params import own_list_id
from tracker.api.schedule_params import RecipientInformation, recipient_answer
from tracker.domain.alert_rule import WORDS, AlertReading, AlertRule
from tracker.domain.alert_state import AlertState, Standing
from tracker.errors import CommandError
from tracker.storage.accounts import Recipient
from tracker.storage.alerts import DueAlert, Firing, ListAlert, NoticeState, ToldNotice, alert_notices
from tracker.times import iso_utc

#: Notices that are told of an alert: the latest.
MAX_TOLD = 200
STATES = {AlertState.OK: "ok", AlertState.FIRING: "firing"}
STATUSES = {
    NoticeState.WAITING: "waiting",
    NoticeState.ACCEPTED: "accepted",
    NoticeState.GIVEN_UP: "given up",
    NoticeState.UNKNOWN: "unknown",
}


class ReadingSchema(Schema):
    Value = fields.Float(required=True)
    Compared = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "What it is held against: the time before, what is usual, or all events"},
    )
    Names = fields.List(
        fields.String(), required=True, metadata={"description": "Origins that are newly refused, up to 5"}
    )


def _optional(field: type[fields.Field[Any]], about: str = "") -> fields.Field[Any]:
    metadata = {"description": about} if about else {}
    return field(required=True, allow_none=True, metadata=metadata)


class AlertFiring(Schema):
    FiringID = fields.String(required=True, metadata={"description": "Digits: more than a double can hold"})
    BeganAt = fields.DateTime(required=True)
    EndedAt = _optional(fields.DateTime, "Null: it lasts")
    Began = fields.String(required=True, metadata={"description": "What was read when it began"})
    Ended = _optional(
        fields.String, "What was read when it was well again; null: it lasts, or the alert was changed"
    )


class AlertNotice(Schema):
    MessageID = fields.String(required=True, metadata={"description": "Digits; the `webhook-id` of a POST"})
    FiringID = _optional(fields.String, "Null: of a test")
    Type = fields.String(required=True, metadata={"enum": list(TURNS.values())})
    To = _optional(fields.String, "An address, or the URL; null: an address that is none any more")
    Status = fields.String(
        required=True,
        metadata={
            "enum": list(STATUSES.values()),
            "description": "`unknown`: the connection broke off amid a mail, which is not sent again",
        },
    )
    CreatedOn = fields.DateTime(required=True)
    FinishedOn = fields.DateTime(required=True, allow_none=True)
    NextAttemptAt = fields.DateTime(required=True, allow_none=True)
    Attempts = fields.List(fields.Nested(DeliveryAttempt), required=True)


class AlertInformation(Schema):
    AlertID = fields.Integer(required=True)
    Name = fields.String(required=True)
    Kind = fields.String(required=True, metadata={"enum": list(WORDS)})
    Is = fields.String(required=True)
    Hours = fields.Integer(required=True)
    Value = _optional(fields.Float)
    Minimum = _optional(fields.Integer)
    Event = _optional(fields.String)
    Measure = _optional(fields.String)
    Where = fields.List(fields.Raw(metadata={"type": ["object", "array"]}), required=True)
    GoalID = _optional(fields.Integer)
    SegmentID = _optional(fields.Integer)
    Currency = _optional(fields.String)
    Rule = fields.String(required=True, metadata={"description": "When it is bad, in words"})
    To = fields.List(fields.Nested(RecipientInformation), required=True)
    URL = _optional(fields.String)
    IsActive = fields.Boolean(required=True)
    State = fields.String(required=True, metadata={"enum": list(STATES.values())})
    Since = fields.DateTime(required=True)
    LookedAt = _optional(fields.DateTime, "Null: not yet")
    Reading = fields.Nested(ReadingSchema, required=True, allow_none=True)
    Found = _optional(fields.String, "What was read at the last look, in words")
    Trouble = _optional(
        fields.String, "Why nothing could be said at the last look: the state is that of before"
    )
    CreatedOn = fields.DateTime(required=True)
    Firings = fields.List(fields.Nested(AlertFiring), metadata={"description": "The last 50; with `AlertID`"})
    Notices = fields.List(
        fields.Nested(AlertNotice), metadata={"description": "The last 200; with `AlertID`"}
    )


#: The alert of examples.
ALERT_EXAMPLE: dict[str, Any] = {
    "AlertID": 4,
    "Name": "Orders stopped",
    "Kind": "silence",
    "Is": "not seen",
    "Hours": 3,
    "Value": None,
    "Minimum": None,
    "Event": "order",
    "Measure": None,
    "Where": [],
    "GoalID": None,
    "SegmentID": None,
    "Currency": None,
    "Rule": "“order” not seen in the last 3 hours",
    "To": [
        {
            "EmailAddress": "ada@example.com",
            "IsUnsubscribed": False,
            "LastMail": "accepted",
            "LastMailAt": "2026-01-31T09:30:04.125Z",
            "Failure": None,
        }
    ],
    "URL": None,
    "IsActive": True,
    "State": "firing",
    "Since": "2026-01-31T09:30:00.125Z",
    "LookedAt": "2026-01-31T09:45:00.125Z",
    "Reading": {"Value": 0.0, "Compared": None, "Names": []},
    "Found": "It was not seen",
    "Trouble": None,
    "CreatedOn": "2026-01-20T09:30:00.125Z",
}


def one_alert(command: Command, params: dict[str, Any]) -> ListAlert:
    """Return the alert that a call is about. Raises CommandError (3, 10)."""
    list_id = own_list_id(command, params)
    found = command.services.stores.alerts.find(list_id, params["AlertID"], command.deadline)
    if found is None:
        raise CommandError(NOT_FOUND)
    return found


def alert_information(alert: ListAlert, recipients: Sequence[Recipient]) -> dict[str, Any]:
    """Return an `AlertInformation`."""
    rule = AlertRule.read(alert.rule)
    reading = None if alert.reading is None else AlertReading.read(alert.reading)
    is_read = reading is not None and reading.value is not None
    return {
        "AlertID": alert.id,
        "Name": alert.name,
        "Kind": rule.kind,
        **{name: getattr(rule, column) for name, column in COLUMNS.items()},
        "Value": None if rule.value is None else float(rule.value),
        "Where": rule.where or [],
        "Rule": rule_words(rule),
        "To": [recipient_answer(each) for each in recipients],
        "URL": alert.url,
        "IsActive": alert.is_active,
        "State": STATES[AlertState(alert.state)],
        "Since": iso_utc(alert.since),
        "LookedAt": iso_utc(alert.looked_at) if alert.looked_at else None,
        "Reading": reading_answer(reading),
        "Found": reading.words if reading is not None and is_read else None,
        "Trouble": alert.trouble,
        "CreatedOn": iso_utc(alert.created_at),
    }


def history_of(command: Command, alert: ListAlert) -> dict[str, Any]:
    """Return the firings of an alert, and what was told."""
    read, list_id, alert_id = command.services.storage.read, alert.list_id, alert.id
    look = partial(alert_notices.firings_of, list_id=list_id, alert_id=alert_id)
    told = partial(alert_notices.notices_of, list_id=list_id, alert_id=alert_id, most=MAX_TOLD)
    firings, notices = read(look, command.deadline), read(told, command.deadline)
    return {
        "Firings": [_firing(each) for each in firings],
        "Notices": [_notice(each, alert.url) for each in notices],
    }


def looked_at(alert: ListAlert, list_name: str, user_id: int, permissions: str = "") -> DueAlert:
    """Return an alert as a look takes it."""
    standing = Standing(AlertState(alert.state), alert.since)
    rule = AlertRule.read(alert.rule)
    return DueAlert(
        alert.list_id, alert.id, alert.name, rule, alert.url, standing, 0, list_name, user_id, permissions
    )


def _firing(firing: Firing) -> dict[str, Any]:
    return {
        "FiringID": str(firing.id),
        "BeganAt": iso_utc(firing.began_at),
        "EndedAt": None if firing.ended_at is None else iso_utc(firing.ended_at),
        "Began": firing.began.words,
        "Ended": None if firing.ended is None else firing.ended.words,
    }


def _notice(notice: ToldNotice, url: str | None) -> dict[str, Any]:
    waits = notice.state is NoticeState.WAITING
    return {
        "MessageID": str(notice.id),
        "FiringID": str(notice.firing_id) if notice.firing_id else None,
        "Type": TURNS[notice.kind],
        "To": url if notice.is_to_url else notice.address,
        "Status": STATUSES[notice.state],
        "CreatedOn": iso_utc(notice.created_at),
        "FinishedOn": None if notice.finished_at is None else iso_utc(notice.finished_at),
        "NextAttemptAt": iso_utc(notice.due_at) if waits else None,
        "Attempts": attempt_answers(notice.log),
    }
