"""Whether Tracker runs well: the command `health.get`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, administrator
from tracker.api.health_checks import HEALTH_CHECKS, health
from tracker.api.setup_checks import STATES, shown, worst
from tracker.api.subscriber_responses import Success, success


class HealthGet(Command):
    """Check whether this Tracker runs well, and say what to do where it does not: backups, disk, jobs, mails and others.

    `unknown` is what does not concern this Tracker, or cannot be seen from it. Nothing is changed.
    """

    name = "health.get"
    method = "GET"
    permission = administrator
    rate_limit = "100 per 60 seconds"
    errors = ()
    example = (
        {},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "State": "warn",
            "Checks": [
                {
                    "Check": "Backup",
                    "State": "warn",
                    "Detail": "No nightly backups are made",
                    "Fix": "Set TRACKER_BACKUP_FOLDER to a folder on another disk",
                }
            ],
        },
    )

    class Params(Schema):
        pass

    class Answer(Success):
        class HealthPart(Schema):
            Check = fields.String(required=True, metadata={"enum": list(HEALTH_CHECKS)})
            State = fields.String(required=True, metadata={"enum": list(STATES)})
            Detail = fields.String(required=True)
            Fix = fields.String(required=True, allow_none=True, metadata={"description": "What to do"})

        State = fields.String(
            required=True, metadata={"enum": list(STATES), "description": "The worst of the checks"}
        )
        Checks = fields.List(fields.Nested(HealthPart), required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        done = health(self.services, self.now, self.deadline)
        return success(State=worst(done), Checks=shown(done))
