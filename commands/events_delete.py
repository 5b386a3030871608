"""Event deletion by name and time: the command `events.delete`."""

from __future__ import annotations

import secrets
from functools import partial
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from tracker import Command, CommandError, Error, invalid
from tracker.api.annotation_params import moment_at
from tracker.api.event_list import EVENT_LIST_ERRORS, EventsParams, event_list_id
from tracker.api.report_params import TIME_PATTERN, TIMES
from tracker.api.subscriber_responses import Success, success
from tracker.fields import MAX_INTEGER, Text, WholeNumber
from tracker.formats.event_limits import MAX_NAME_BYTES
from tracker.privacy import named_deletion
from tracker.times import iso_utc

INVALID_FROM, INVALID_TO = invalid("From", 7, hint=TIMES), invalid("To", 8, hint=TIMES)
EMPTY_RANGE = Error(9, "To is not after From")
NOTHING_NAMED = Error(11, "Missing Event or JobID parameter")
NO_SUCH_JOB = Error(12, "Deletion not found")
TOO_MANY = Error(13, f"{named_deletion.MAX_RUNNING} deletions of this list are running: wait for one to end")


class EventsDelete(Command):
    """Delete the events of a name, all of them or those that happened from `From` on and before the end of `To`.

    It cannot be undone. Counts, revenue, timelines and reports lose the events; hashes of their EventIDs (tombstones) stay for
    30 days, so that a repeat is not stored again. Events that arrive after the call are not deleted. A name that no event has
    any more is taken from the catalogue, if neither `From` nor `To` was sent. `WithoutList` instead of `ListID` selects the
    events that were sent without a list.

    Some thousand events are deleted within the call. With more, `Status` is `running` and the deletion goes on in the
    background, over restarts too; the call with `JobID` instead of `Event` returns its progress. Reports lose the events at once; the
    file of the copy that they are computed from may have their bytes until it is built anew: `ReportsErasedBy`, where there is a
    copy. `event.uses` tells what is made of these events.
    """

    name = "events.delete"
    permission = "Events.Delete"
    rate_limit = "60 per 60 seconds"
    errors = (
        *EVENT_LIST_ERRORS, invalid("Event", 6), INVALID_FROM, INVALID_TO, EMPTY_RANGE, invalid("JobID", 10), NOTHING_NAMED,
        NO_SUCH_JOB, TOO_MANY,
    )  # fmt: skip
    example = (
        {"ListID": 123, "Event": "ux_test", "To": "2026-01-31"},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "JobID": "5226943711209483",
            "Event": "ux_test",
            "Status": "finished",
            "Progress": 1.0,
            "Removed": 3,
            "StartedAt": "2026-01-31T09:30:00.125Z",
            "FinishedAt": "2026-01-31T09:30:00.250Z",
        },
    )

    class Params(EventsParams):
        Event = Text(1, MAX_NAME_BYTES, metadata={"description": "Name of the events, exactly this spelling"})
        From = Text(
            1, 40, metadata={"description": f"First moment. {TIMES}. By default all", "pattern": TIME_PATTERN}
        )
        To = Text(
            1,
            40,
            metadata={
                "description": "Last day, or the moment at which it ends. By default all",
                "pattern": TIME_PATTERN,
            },
        )
        JobID = WholeNumber(
            1, MAX_INTEGER, metadata={"description": "Instead of Event: a deletion to ask about"}
        )

        @validates_schema(skip_on_field_errors=False, pass_original=True)
        def check_named(self, read: dict[str, Any], sent: dict[str, Any], **_: Any) -> None:
            if not sent.keys() & {"Event", "JobID"}:
                raise ValidationError([NOTHING_NAMED])

    class Answer(Success):
        JobID = fields.String(required=True, metadata={"description": "Digits: more than a double can hold"})
        Event = fields.String(required=True)
        Status = fields.String(required=True, metadata={"enum": ["running", "finished"]})
        Progress = fields.Float(
            required=True, metadata={"description": "The share that is done, from 0 to 1"}
        )
        Removed = fields.Integer(required=True, metadata={"description": "Events deleted so far"})
        StartedAt = fields.DateTime(required=True)
        FinishedAt = fields.DateTime(required=True, allow_none=True)
        ReportsErasedBy = fields.DateTime(
            metadata={
                "description": "When the copy for reports has none of their bytes left, at the latest; not there without a copy"
            }
        )

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = event_list_id(self, params)
        if "JobID" in params:
            found = self.services.jobs.find(
                list_id, named_deletion.DELETE_EVENTS, params["JobID"], self.deadline
            )
            if found is None:
                raise CommandError(NO_SUCH_JOB)
            return self._described(found)
        doomed = named_deletion.Doomed(params["Event"], *self._range(list_id, params))
        return self._described(self._begun(list_id, doomed))

    def _range(self, list_id: int, params: dict[str, Any]) -> tuple[int | None, int | None]:
        begins = ends = None
        if "From" in params:
            begins = moment_at(self, list_id, params["From"], INVALID_FROM)
        if "To" in params:
            ends = moment_at(self, list_id, params["To"], INVALID_TO, is_end=True)
        if begins is not None and ends is not None and ends <= begins:
            raise CommandError(EMPTY_RANGE)
        return begins, ends

    def _begun(self, list_id: int, doomed: named_deletion.Doomed) -> Any:
        """Return the deletion, begun now or, if it runs already, before. Raises CommandError (13)."""
        services = self.services

        def prepare(transaction: Any) -> dict[str, Any] | None:
            state = named_deletion.begin(transaction, list_id, doomed)
            if state is not None:
                services.audit.note(transaction, self.caller, self.name, f"list:{list_id}", list_id)
            return state

        number = secrets.randbelow(MAX_INTEGER) + 1
        job = services.jobs.begin(list_id, named_deletion.DELETE_EVENTS, number, prepare, self.deadline)
        if job is None:
            alike = partial(named_deletion.running_alike, list_id=list_id, doomed=doomed)
            job = services.storage.read(alike, self.deadline)
        if job is None:
            raise CommandError(TOO_MANY)
        return job

    def _described(self, job: Any) -> dict[str, Any]:
        state, is_done = job.state, job.finished_at is not None
        erased_by = self.services.analytics.erased_by(job.list_id, job.finished_at, self.now)
        return success(
            JobID=str(job.subject_id),
            Event=state["event"],
            Status="finished" if is_done else "running",
            Progress=1.0 if is_done else named_deletion.progress(state),
            Removed=state["removed"],
            StartedAt=iso_utc(job.created_at),
            FinishedAt=iso_utc(job.finished_at) if is_done else None,
            **({} if erased_by is None else {"ReportsErasedBy": iso_utc(erased_by)}),
        )
