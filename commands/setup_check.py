"""Whether tracking works: the command `setup.check`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from marshmallow import Schema, fields

from tracker import Command, invalid
from tracker.api.list_settings_fields import INVALID_ORIGINS, Origins
from tracker.api.report_params import LIST_ERRORS, LIST_NOT_FOUND
from tracker.api.setup_checks import CHECKS, STATES, all_checks, gathered, origins, shown, worst
from tracker.api.subscriber_responses import Success, success
from tracker.browser import LIB_VERSION
from tracker.fields import ListID, YesOrNo
from tracker.times import iso_utc


class SetupCheck(Command):
    """Check whether events of a list's websites and back ends arrive, and say how to mend what does not work.

    `Origins` are the pages that sent in the last 24 hours, those that are refused first; with `AllowedOrigins` they are told as
    if these were the list's. The check of the public address sends a test event through `TRACKER_PUBLIC_URL`, as a page would,
    and reads back a write: it takes up to 3 seconds, and `Probe` false leaves it out. Nothing of it is stored among events. How
    many browsers wait for consent cannot be known: they send nothing before.
    """

    name = "setup.check"
    method = "GET"
    permission = "List.Get"
    rate_limit = "1000 per 60 seconds"
    errors = (*LIST_ERRORS, invalid("Probe", 4), INVALID_ORIGINS)
    example = (
        {"ListID": 123, "Probe": False},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "State": "ok",
            "Checks": [
                {
                    "Check": "Events",
                    "State": "ok",
                    "Detail": "The last event came 2026-01-31T09:30:00.125Z",
                    "Fix": None,
                }
            ],
            "Origins": [],
        },
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List to check"})
        Probe = YesOrNo(
            load_default=True,
            metadata={"description": "Whether to send a test event through the public address"},
        )
        AllowedOrigins = Origins(
            metadata={
                "type": "array",
                "items": {"type": "string"},
                "description": "Tell `Origins` as if the list allowed these",
            }
        )

    class Answer(Success):
        class SetupPart(Schema):
            Check = fields.String(required=True, metadata={"enum": list(CHECKS)})
            State = fields.String(required=True, metadata={"enum": list(STATES)})
            Detail = fields.String(required=True)
            Fix = fields.String(required=True, allow_none=True, metadata={"description": "What to do"})

        class SeenOrigin(Schema):
            Origin = fields.String(required=True)
            IsAllowed = fields.Boolean(required=True)
            IsAllowable = fields.Boolean(
                required=True, metadata={"description": "Whether `AllowedOrigins` could name it: not `null`"}
            )
            Seen = fields.Integer(required=True, metadata={"description": "Events taken in 24 hours"})
            Refused = fields.Integer(required=True, metadata={"description": "Calls refused in 24 hours"})
            LastAt = fields.DateTime(required=True)

        State = fields.String(
            required=True, metadata={"enum": list(STATES), "description": "The worst of the checks"}
        )
        Checks = fields.List(fields.Nested(SetupPart), required=True)
        Origins = fields.List(fields.Nested(SeenOrigin), required=True)

    @classmethod
    def cost(cls, params: Mapping[str, Any]) -> int:
        """Return more for a call that makes another one, through the public address."""
        return 1 if params.get("Probe") in (False, "false", "0") else 10

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        found = self.own_list(params["ListID"], LIST_NOT_FOUND)
        settings = self.services.stores.list_settings.of(found.id, self.deadline)
        if "AllowedOrigins" in params:
            settings = replace(settings, allowed_origins=tuple(params["AllowedOrigins"]))
        facts = gathered(self.services, found, settings, self.now, self.deadline)
        done = all_checks(self.services, found, facts, LIB_VERSION, params["Probe"])
        return success(
            State=worst(done),
            Checks=shown(done),
            Origins=[
                {
                    "Origin": each.origin,
                    "IsAllowed": each.is_allowed,
                    "IsAllowable": each.is_allowable,
                    "Seen": each.seen,
                    "Refused": each.refused,
                    "LastAt": iso_utc(each.last_at),
                }
                for each in origins(facts)
            ],
        )
