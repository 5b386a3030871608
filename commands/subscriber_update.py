"""Subscriber changes: the command `subscriber.update`."""

from __future__ import annotations

from typing import Any

from tracker import Command
from tracker.api.subscriber_params import (
    EMAIL_TAKEN,
    EXTERNAL_ID_TAKEN,
    INVALID_CUSTOM_FIELDS,
    INVALID_LEFT_OUT,
    INVALID_LIST,
    IS_NOBODY,
    NAMED,
    REFUSALS,
    ChangeParams,
    changes,
    subscriber_key,
)
from tracker.api.subscriber_responses import Written, answering, written


class SubscriberUpdate(Command):
    """Change a subscriber of a list. Values that are not sent stay as they are.

    The first of `SubscriberID`, `EmailAddress` and `ExternalID` that is sent selects the subscriber; any others are new
    values. To change an address send `SubscriberID` and `EmailAddress`. An external id that only browsers gave to another
    subscriber (`ExternalIDBy` of `subscriber.get` is `public`) is taken from them. In `CustomFields`, null and empty text
    empty a field; names that no field of the list has are ignored, and listed in `IgnoredCustomFields`.

    `IsLeftOut` leaves a subscriber out of reports, such as a colleague who tries things out: their events, past and future, are
    in no number, no list of people and no segment; false counts them all again. They stay stored, and are shown live, in the
    subscriber's timeline and in the catalogue. `PeopleLeftOut` in the `Scope` of a report says how many of its range it left out.
    """

    name = "subscriber.update"
    permission = "Subscriber.Update"
    rate_limit = "1000 per 60 seconds"
    errors = (*NAMED, EMAIL_TAKEN, EXTERNAL_ID_TAKEN, INVALID_CUSTOM_FIELDS, IS_NOBODY, INVALID_LEFT_OUT)
    example = (
        {"ListID": 123, "EmailAddress": "subscriber@example.com", "CustomFields": {"First-Name": "Jane"}},
        {"Success": True, "ErrorCode": 0, "ErrorText": "", "SubscriberID": "358117233766563840"},
    )

    class Params(ChangeParams):
        pass

    class Answer(Written):
        pass

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        stores, list_id = self.services.stores, self.own_list(params["ListID"], INVALID_LIST).id
        wanted, read = changes(params, stores.fields.of_list(list_id, self.deadline))
        with answering(REFUSALS):
            changed = stores.subscribers.change(list_id, subscriber_key(params), wanted, self.deadline)
        return written(changed, read.unknown)
