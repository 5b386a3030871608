"""Share link creation: the command `share.create`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, CommandError
from tracker.api.annotation_params import moment_at
from tracker.api.list_settings_fields import Origins
from tracker.api.report_params import LIST_ERRORS, own_list_id
from tracker.api.saved_report_params import saved_report_id
from tracker.api.share_params import (
    INVALID_FRAMES,
    INVALID_OVERVIEW,
    INVALID_PASSWORD,
    INVALID_RULE,
    INVALID_SAVED,
    INVALID_UNTIL,
    NOT_SHAREABLE,
    ONE_OF_TWO,
    SAVED_NOT_FOUND,
    SHARE_EXAMPLE,
    TOO_MANY,
    answering_shares,
    check_shareable,
    fixed_rule,
    share_password,
    shared_report,
    stored_rule,
    until_time,
)
from tracker.api.subscriber_responses import Success, audit_entry, success
from tracker.errors import because
from tracker.fields import ListID, YesOrNo
from tracker.formats.credentials import new_share_token


class ShareCreate(Command):
    """Make a link that shows numbers of a list to people without an account: those of one saved report, or of the overview.

    `URL` is returned only once: only a hash of its token is stored. The page shows numbers and the values that they are broken
    down by, never people, and it needs no more than the permission `Reports.Get`, which the caller has to have. `Where` is
    fixed in the link, whatever its address says. The link ends with `Until`, with `share.revoke`, and with its saved report.

    No other site can frame the page unless `FrameOrigins` names it.
    """

    name = "share.create"
    permission = "Shares.Update"
    shows_secret = True
    rate_limit = "100 per 60 seconds"
    errors = (
        *LIST_ERRORS, INVALID_SAVED, SAVED_NOT_FOUND, INVALID_OVERVIEW, ONE_OF_TWO, INVALID_RULE, INVALID_UNTIL, INVALID_FRAMES,
        INVALID_PASSWORD, TOO_MANY, NOT_SHAREABLE,
    )  # fmt: skip
    example = (
        {
            "ListID": 123,
            **{name: SHARE_EXAMPLE[name] for name in ("SavedReportID", "Where")},
            "Until": "2099-12-31",
        },
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "ShareID": 4,
            "URL": "http://127.0.0.1:8000/s/kS0vYbq3Zt8Jm1Lx5Nc7Wd2Rf4Hg6Pa9Qe3X1y2z3A",
        },
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List whose numbers are shown"})
        SavedReportID = saved_report_id()
        Overview = YesOrNo(
            load_default=False, metadata={"description": "Show the overview, for any of its periods"}
        )
        Where = fixed_rule()
        Until = until_time()
        FrameOrigins = Origins(
            INVALID_FRAMES,
            load_default=list,
            metadata={"description": "Origins that may frame the page", "items": {"type": "string"}},
        )
        Password = share_password()

    class Answer(Success):
        ShareID = fields.Integer(required=True)
        URL = fields.String(required=True, metadata={"description": "The link, returned only once"})

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        saved_id = params.get("SavedReportID")
        if (saved_id is None) is not params["Overview"]:
            raise CommandError(ONE_OF_TWO)
        list_id = own_list_id(self, params)
        rule = stored_rule(params.get("Where", []))
        ends_at = self._ends_at(list_id, params.get("Until"))
        check_shareable(self, list_id, *shared_report(self, list_id, saved_id, rule))
        token, shares = new_share_token(), self.services.stores.shares
        columns = {
            "saved_report_id": saved_id,
            "rule": rule,
            "ends_at": ends_at,
            "frame_origins": "\n".join(params["FrameOrigins"]).encode(),
        }
        then = audit_entry(self, "share", list_id)
        with answering_shares():
            made = shares.make(list_id, token, params.get("Password"), columns, then, self.deadline)
        return success(ShareID=made, URL=f"{self.services.settings.public_url}/s/{token}")

    def _ends_at(self, list_id: int, until: str | None) -> int | None:
        if until is None:
            return None
        moment = moment_at(self, list_id, until, INVALID_UNTIL, is_end=True)
        if moment <= self.now:
            raise CommandError(because(INVALID_UNTIL, "it is over already"))
        return moment
