"""Deletion of a list with everything in it: the command `list.delete`."""

from __future__ import annotations

from functools import partial
from typing import Any

from marshmallow import Schema, fields

from tracker import Command, CommandError, Error, invalid, missing
from tracker.api.report_params import LIST_ERRORS, LIST_NOT_FOUND
from tracker.api.subscriber_responses import Success, success
from tracker.fields import ListID, ListName
from tracker.privacy import list_deletion

OTHER_NAME = Error(6, "Name is not the name of this list", hint="Type the list's name as list.get has it")


class ListDelete(Command):
    """Delete a list with everything in it: events, subscribers, counts, settings, goals, reports and links. It cannot be undone.

    `Name` must be the list's name, letter by letter. From this call on nobody finds the list: its public id, its links and all
    commands answer as if it had never been; another process of this Tracker may take events for it, and answer as of a list
    with nothing in it, for 5 seconds more. Rows are then deleted in steps in the background, over restarts too, and the bytes
    of an SQLite file overwritten. What the audit log has of the list stays, which is numbers only; so do backups.
    `event.uses` tells what else a list is used by.
    """

    name = "list.delete"
    permission = "List.Delete"
    rate_limit = "20 per 60 seconds"
    errors = (*LIST_ERRORS, missing("Name", 4), invalid("Name", 5), OTHER_NAME)
    example = (
        {"ListID": 123, "Name": "Web shop"},
        {"Success": True, "ErrorCode": 0, "ErrorText": "", "Status": "running"},
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List to delete"})
        Name = ListName(required=True, metadata={"description": "Its name, letter by letter"})

    class Answer(Success):
        Status = fields.String(
            required=True,
            metadata={"enum": ["running", "finished"], "description": "Whether rows are still being deleted"},
        )

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        listed = self.own_list(params["ListID"], LIST_NOT_FOUND)
        if params["Name"] != listed.name:
            raise CommandError(OTHER_NAME)
        services = self.services
        prepare = partial(list_deletion.begin, list_id=listed.id, now=self.now)
        job = services.jobs.begin(
            listed.id, list_deletion.DELETE_LIST, list_deletion.NO_SUBJECT, prepare, self.deadline,
            then=partial(self._give_up, listed.id),
        )  # fmt: skip
        services.stores.lists.forget_known(self.user_id, listed)
        services.analytics.remove_copy(listed.id)
        return success(Status="running" if job is None or job.finished_at is None else "finished")

    def _give_up(self, list_id: int) -> None:
        """Make the list nobody's, once its job is there: if this never happens, the job leaves the list alone."""

        def write(transaction: Any) -> bool:
            is_theirs = list_deletion.give_up(transaction, self.user_id, list_id)
            if is_theirs:
                self.services.audit.note(transaction, self.caller, self.name, f"list:{list_id}")
            return is_theirs

        if not self.services.storage.write(write, self.deadline):  # another call was first
            raise CommandError(LIST_NOT_FOUND)
