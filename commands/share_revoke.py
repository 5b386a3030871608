"""Share link revocation: the command `share.revoke`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from tracker import Command
from tracker.api.report_params import own_list_id
from tracker.api.share_params import ONE_ERRORS, answering_shares, share_id
from tracker.api.subscriber_responses import Success, audit_entry, success
from tracker.fields import ListID


class ShareRevoke(Command):
    """Revoke a share link of a list for good: it opens nothing from the next request on."""

    name = "share.revoke"
    permission = "Shares.Update"
    rate_limit = "100 per 60 seconds"
    errors = ONE_ERRORS
    example = (
        {"ListID": 123, "ShareID": 4},
        {"Success": True, "ErrorCode": 0, "ErrorText": ""},
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the link"})
        ShareID = share_id()

    class Answer(Success):
        pass

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = own_list_id(self, params)
        then = audit_entry(self, "share", list_id)
        with answering_shares():
            self.services.stores.shares.remove(list_id, params["ShareID"], then, self.deadline)
        return success()
