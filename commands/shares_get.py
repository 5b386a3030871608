"""Share link listing: the command `shares.get`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command
from tracker.api.report_params import LIST_ERRORS, own_list_id
from tracker.api.share_params import SHARE_EXAMPLE, ShareInformation, share_information
from tracker.api.subscriber_responses import Success, success
from tracker.fields import ListID


class SharesGet(Command):
    """List the share links of a list, oldest first, those that are over included. Their addresses are told to nobody again."""

    name = "shares.get"
    method = "GET"
    permission = "Reports.Get"
    rate_limit = "1000 per 60 seconds"
    errors = LIST_ERRORS
    example = (
        {"ListID": 123},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "TotalShareCount": 1,
            "Shares": [SHARE_EXAMPLE],
        },
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the links"})

    class Answer(Success):
        TotalShareCount = fields.Integer(required=True)
        Shares = fields.List(fields.Nested(ShareInformation), required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        found = self.services.stores.shares.of_list(own_list_id(self, params), self.deadline)
        return success(
            TotalShareCount=len(found), Shares=[share_information(each, self.now) for each in found]
        )
