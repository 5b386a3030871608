"""Sending a refused event again: the command `rejection.replay`."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from commands.event_collect import EventCollect
from commands.event_track import EventTrack
from tracker import Command, CommandError, Error, ParamReader, invalid
from tracker.api.event_params import EVENT_ERRORS
from tracker.api.inbox_params import BODY_ERRORS, LIST_ROWS, OwnInboxParams, inbox_id
from tracker.api.refused_calls import KeptCall, body_of, remove_body
from tracker.api.subscriber_responses import Success, success
from tracker.caller import Caller, Sender
from tracker.errors import because
from tracker.fields import JsonObject, WholeNumber

INVALID_BODY = invalid("Body", 43)
VALUES_NOT_KEPT = Error(
    44,
    "The values of this body were not kept: send the event as Body",
    hint="With KeepRefusedValues of list.update, bodies of refused events are kept as they were sent",
)


class RejectionReplay(Command):
    """Send a refused event again, by the door it came by: as it was, or as `Body` says.

    It is stored once, however often this is called: its `EventID` stays, or is the one that was made for it. Its time is that of
    the first try unless `Timestamp` says another. An event of a browser stays one: it cannot overwrite identity. `Body` has the
    parameters of `event.track`, and replaces all that were sent. Errors of the event are those of `event.track`.
    """

    name = "rejection.replay"
    permission = "List.Update"
    rate_limit = "100 per 60 seconds"
    errors = (*LIST_ROWS, *BODY_ERRORS, INVALID_BODY, VALUES_NOT_KEPT, *EVENT_ERRORS)
    example = (
        {
            "ListID": 123,
            "BodyID": 358117233766563841,
            "Body": {"Event": "signup", "Email": "subscriber@example.com"},
        },
        {"Success": True, "ErrorCode": 0, "ErrorText": "", "EventID": "r358117233766563841"},
    )

    class Params(OwnInboxParams):
        BodyID = WholeNumber(required=True, metadata={"description": "The body, of `rejection.get`"})
        Body = JsonObject(metadata={"description": "The event to store instead: an object"})

    class Answer(Success):
        EventID = fields.String(required=True, metadata={"description": "The EventID it is stored with"})

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = inbox_id(self, params)
        kept = body_of(self, list_id, params["BodyID"])
        if "Body" not in params and not kept.is_whole:
            raise CommandError(VALUES_NOT_KEPT)
        sent = params.get("Body", kept.sent)
        own = None if params.get("WithoutList") else list_id
        event_id = self._track(kept, sent, own)
        remove_body(self, list_id, kept.id)
        return success(EventID=event_id)

    def _track(self, kept: KeptCall, sent: dict[str, Any], list_id: int | None) -> str:
        """Store the event by the command it came by; return its EventID. Raises CommandError as that command does."""
        is_public = kept.door == EventCollect.name and list_id is not None
        door: type[Command] = EventCollect if is_public else EventTrack
        reader = ParamReader(door.Params, EVENT_ERRORS)
        spelled = kept.again(reader.spelled(sent))
        if list_id is not None and not is_public:
            spelled.setdefault("ListID", list_id)
        caller = self.caller
        if is_public:
            agent = Sender(kept.user_agent)
            caller = Caller(self.user_id, list_id=list_id, address=self.caller.address, sender=agent)
        values = reader.read(spelled)
        if (values.get("Properties") or {}).get("isTest") is True:
            raise CommandError(because(INVALID_BODY, "a test event is not stored"))
        door(caller, self.services, self.now, False, self.deadline).run(values)
        return str(spelled["EventID"])
