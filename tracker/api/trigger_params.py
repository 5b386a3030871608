"""Triggers on the wire: their parameters, error rows and answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson
from marshmallow import Schema, fields

from tracker import Command
from tracker.api.goal_params import MAX_NAME, checked_rule
from tracker.api.report_params import (
    INVALID_SEGMENT,
    LIST_ERRORS,
    SEGMENT_NOT_FOUND,
    WhereParam,
    own_list_id,
)
from tracker.api.row_refusals import answering
from tracker.api.where_params import EXAMPLE, any_field, read_where
from tracker.errors import CommandError, Error, because, invalid, missing
from tracker.fields import Choice, Text, WholeNumber, YesOrNo
from tracker.formats.event_limits import MAX_NAME_BYTES
from tracker.outgoing import TargetRefused, new_secret, shown_secret
from tracker.questions import Goal
from tracker.storage.engine import Transaction
from tracker.storage.triggers import (
    DELETE_TRIGGER,
    MAX_TRIGGERS,
    ListTrigger,
    PausedBy,
    TriggerFault,
    trigger_store,
)
from tracker.times import iso_utc

#: The error rows of triggers; each command declares those it can answer with.
INVALID_NAME, INVALID_TRIGGER_EVENT, INVALID_RULE = (
    invalid("Name", 4),
    invalid("Event", 5),
    invalid("Where", 6),
)
NAME_TAKEN = Error(7, "Name is already used by another trigger")
TOO_MANY_TRIGGERS = Error(8, f"The list has {MAX_TRIGGERS} triggers, the most a list can have")
INVALID_TRIGGER_ID, NO_SUCH_TRIGGER = invalid("TriggerID", 9), Error(10, "Trigger not found")
MISSING_NAME, MISSING_EVENT, MISSING_TRIGGER = (
    missing("Name", 11),
    missing("Event", 12),
    missing("TriggerID", 13),
)
MISSING_URL, INVALID_URL = missing("URL", 16), invalid("URL", 17)
INVALID_IS_ACTIVE, INVALID_NEW_SECRET = invalid("IsActive", 18), invalid("NewSecret", 19)
NOTHING_JUDGES = Error(
    20,
    "Where and SegmentID need the reports engine, which is not installed",
    hint="pip install 'tracker[reports]'",
)
INVALID_ON = invalid("On", 28)
ONE_KIND = Error(
    29, "A trigger is on an event or on a segment", hint="Send Event and Where, or SegmentID and On"
)
ONE_TRIGGER_ERRORS = (*LIST_ERRORS, INVALID_TRIGGER_ID, NO_SUCH_TRIGGER, MISSING_TRIGGER)
#: Answers a refusal of the store: raises CommandError (7, 8, 10, 15).
answering_triggers = answering(
    {
        TriggerFault.GONE: NO_SUCH_TRIGGER,
        TriggerFault.NAME_TAKEN: NAME_TAKEN,
        TriggerFault.TOO_MANY: TOO_MANY_TRIGGERS,
        TriggerFault.NO_SEGMENT: SEGMENT_NOT_FOUND,
    }
)
#: The error rows of what starts a trigger.
START_ERRORS = (
    INVALID_TRIGGER_EVENT, INVALID_RULE, INVALID_SEGMENT, SEGMENT_NOT_FOUND, INVALID_ON, ONE_KIND, NOTHING_JUDGES,
)  # fmt: skip
#: What of a segment starts a trigger.
ON = ("enter", "exit")
#: The words for what paused a trigger.
PAUSED_BY = {
    PausedBy.NOTHING: None,
    PausedBy.USER: "user",
    PausedBy.FAILURES: "failures",
    PausedBy.BACKLOG: "backlog",
    PausedBy.CONDITIONS: "conditions",
}


def trigger_name(**options: Any) -> Text:
    about = {"description": "Display name; no two triggers of a list share one, in any letter case"}
    return Text(1, MAX_NAME, False, metadata=about, **options)


def trigger_event(**options: Any) -> Text:
    about = {"description": "Name of the events that start it"}
    return Text(1, MAX_NAME_BYTES, False, metadata=about, **options)


def trigger_rule() -> WhereParam:
    about = f"Conditions of the event itself, as in reports: `{EXAMPLE}`"
    schema = {"type": ["array", "string"], "items": {"type": ["object", "array"]}, "description": about}
    return WhereParam(INVALID_RULE, metadata=schema)


def trigger_segment() -> WholeNumber:
    about = "Instead of Event: number of the segment whose entries or exits start it"
    return WholeNumber(1, metadata={"description": about})


def trigger_on() -> Choice:
    return Choice(*ON, metadata={"description": "With SegmentID: who comes in, `enter`, or who goes, `exit`"})


def trigger_url(**options: Any) -> Text:
    about = {
        "description": "Where the POST goes: `https://…` or `http://…`, at an address that the administrator allows"
    }
    return Text(1, metadata=about, **options)


def is_active(**options: Any) -> YesOrNo:
    return YesOrNo(metadata={"description": "Whether events start it; false: it is paused"}, **options)


def trigger_id(**options: Any) -> WholeNumber:
    return WholeNumber(
        1, **{"required": True, "metadata": {"description": "The trigger's number"}, **options}
    )


class TriggerInformation(Schema):
    TriggerID = fields.Integer(required=True)
    Name = fields.String(required=True)
    Event = fields.String(
        required=True, allow_none=True, metadata={"description": "Null: it is on a segment"}
    )
    Where = fields.List(
        fields.Raw(metadata={"type": ["object", "array"]}),
        required=True,
        metadata={"description": "Conditions that the event meets; empty: none"},
    )
    SegmentID = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Null: it is on an event"}
    )
    On = fields.String(
        required=True,
        allow_none=True,
        metadata={"enum": [*ON, None], "description": "What of the segment starts it"},
    )
    LookedAt = fields.DateTime(
        required=True,
        allow_none=True,
        metadata={
            "description": "As of when the segment's people were compared last; null: not yet, or no segment"
        },
    )
    LookFailure = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why the segment cannot be looked at now; meanwhile nobody is told"},
    )
    URL = fields.String(
        required=True,
        metadata={
            "description": "Without the permission `Trigger.Update` only where it leads, `https://crm.example.com/…`"
        },
    )
    IsActive = fields.Boolean(required=True)
    PausedBy = fields.String(
        required=True,
        allow_none=True,
        metadata={"enum": list(PAUSED_BY.values()), "description": "Null while it is active"},
    )
    FailingSince = fields.DateTime(
        required=True, allow_none=True, metadata={"description": "Null: the last delivery was accepted"}
    )
    LastFailure = fields.String(required=True, allow_none=True)
    CreatedOn = fields.DateTime(required=True)


#: The trigger of examples.
TRIGGER_EXAMPLE: dict[str, Any] = {
    "TriggerID": 7,
    "Name": "Big order",
    "Event": "conversion",
    "Where": [{"Of": "event", "Property": "conversion-value", "Is": "at least", "Value": 100}],
    "SegmentID": None,
    "On": None,
    "LookedAt": None,
    "LookFailure": None,
    "URL": "https://crm.example.com/hooks/orders",
    "IsActive": True,
    "PausedBy": None,
    "FailingSince": None,
    "LastFailure": None,
    "CreatedOn": "2026-01-31T09:30:00.125Z",
}


def rule_conditions(event: str, sent: Any, row: Error) -> Goal:
    """Return the conditions of a trigger as a goal."""
    return Goal(event, read_where(sent, row, any_field))


def checked_conditions(command: Command, event: str, sent: Any) -> bytes:
    """Return a trigger's conditions as they are stored. Raises CommandError (5, 6, 20)."""
    rule = checked_rule(event, sent)
    if rule != b"[]" and not command.services.analytics.is_installed():
        raise CommandError(NOTHING_JUDGES)
    return rule


def new_start(command: Command, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of what starts a new trigger. Raises CommandError (5, 6, 12, 20, 28, 29)."""
    if "SegmentID" in params:
        if params.keys() & {"Event", "Where"}:
            raise CommandError(ONE_KIND)
        return {"event": "", "rule": b"[]", **_segment_start(command, params)}
    if "On" in params:
        raise CommandError(ONE_KIND)
    if "Event" not in params:
        raise CommandError(MISSING_EVENT)
    rule = checked_conditions(command, params["Event"], params.get("Where", []))
    return {"event": params["Event"], "rule": rule}


def changed_start(command: Command, found: ListTrigger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of what starts a trigger from now on: it stays on events or on a segment.

    Raises CommandError (5, 6, 20, 29).
    """
    others = {"SegmentID", "On"} if found.segment_id is None else {"Event", "Where"}
    if params.keys() & others:
        raise CommandError(ONE_KIND)
    if found.segment_id is not None:
        return _segment_start(command, params)
    values = {"event": params["Event"]} if "Event" in params else {}
    if "Where" in params:
        values["rule"] = checked_conditions(command, params.get("Event", found.event), params["Where"])
    return values


def _segment_start(command: Command, params: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {"is_exit": ON.index(params["On"]) == 1} if "On" in params else {}
    if "SegmentID" in params:
        if not command.services.analytics.is_installed():
            raise CommandError(NOTHING_JUDGES)
        values["segment_id"] = params["SegmentID"]
    return values


def checked_url(command: Command, url: str) -> str:
    """Return a URL that may be called. Raises CommandError (17) with the reason."""
    try:
        command.services.triggers.allowed.checked(url)
    except TargetRefused as refusal:
        raise CommandError(because(INVALID_URL, str(refusal))) from None
    return url


def trigger_information(trigger: ListTrigger, is_url_shown: bool) -> dict[str, Any]:
    """Return a `TriggerInformation`. What follows the host of a URL is shown to those who may change it: to chats it is the secret."""
    since = trigger.failing_since
    return {
        "TriggerID": trigger.id,
        "Name": trigger.name,
        "Event": trigger.event if trigger.segment_id is None else None,
        "Where": orjson.loads(trigger.rule),
        "SegmentID": trigger.segment_id,
        "On": None if trigger.segment_id is None else ON[trigger.is_exit],
        "LookedAt": iso_utc(trigger.looked_at) if trigger.looked_at else None,
        "LookFailure": trigger.look_failure,
        "URL": trigger.url if is_url_shown else _masked(trigger.url),
        "IsActive": trigger.is_active,
        "PausedBy": PAUSED_BY[PausedBy(trigger.paused_by)],
        "FailingSince": None if since is None else iso_utc(since),
        "LastFailure": trigger.last_failure,
        "CreatedOn": iso_utc(trigger.created_at),
    }


def _masked(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/…"


def new_trigger(params: Mapping[str, Any], start: Mapping[str, Any], url: str) -> tuple[dict[str, Any], str]:
    """Return the columns of a new trigger, and its secret as it is shown."""
    secret, shown = secret_pair()
    values = {"name": params["Name"], "url": url, "secret": secret, "is_active": params.get("IsActive", True)}
    return {**values, **start}, shown


def changes_of(params: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """Return the columns that a call changes without a check of its own, and a new secret as it is shown, if it asks for one."""
    names = (("Name", "name"), ("IsActive", "is_active"))
    values = {column: params[name] for name, column in names if name in params}
    if not params.get("NewSecret"):
        return values, None
    secret, shown = secret_pair()
    return {**values, "secret": secret}, shown


def one_trigger(command: Command, params: Mapping[str, Any]) -> ListTrigger:
    """Return the trigger that a call is about. Raises CommandError (3, 10)."""
    list_id = own_list_id(command, dict(params))
    found = command.services.stores.triggers.find(list_id, params["TriggerID"], command.deadline)
    if found is None:
        raise CommandError(NO_SUCH_TRIGGER)
    return found


def delete_trigger(command: Command, list_id: int, trigger_id: int) -> bool:
    """Delete a trigger with its deliveries; return whether there was one. Raises StorageUnavailable, OutcomeUnknown."""
    services = command.services

    def prepare(transaction: Transaction) -> Mapping[str, Any] | None:
        if not trigger_store.remove_trigger(transaction, list_id, trigger_id):
            return None
        thing = f"list:{list_id} trigger:{trigger_id}"
        services.audit.note(transaction, command.caller, command.name, thing, list_id)
        return {}

    job = services.jobs.begin(list_id, DELETE_TRIGGER, trigger_id, prepare, command.deadline)
    return job is not None


def secret_pair() -> tuple[bytes, str]:
    """Return a new secret, and as it is shown."""
    secret = new_secret()
    return secret, shown_secret(secret)
