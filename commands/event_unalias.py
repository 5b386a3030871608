"""Names told apart again: the command `event.unalias`."""

from __future__ import annotations

from typing import Any

from tracker import Command
from tracker.api.name_params import NAME_ERRORS, NO_ALIAS, NameParams, answering_names, name_entry, named
from tracker.api.report_params import own_list_id
from tracker.api.subscriber_responses import Success, success


class EventUnalias(Command):
    """Take an alias back: `Event`, or `Property`, stands for itself again, as if `event.alias` had never been called."""

    name = "event.unalias"
    permission = "List.Update"
    rate_limit = "100 per 60 seconds"
    errors = (*NAME_ERRORS, NO_ALIAS)
    example = (
        {"ListID": 123, "Event": "registered"},
        {"Success": True, "ErrorCode": 0, "ErrorText": ""},
    )

    class Params(NameParams):
        pass

    class Answer(Success):
        pass

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id, (kind, name) = own_list_id(self, params), named(params)
        with answering_names():
            names = self.services.stores.names
            names.treat_apart(list_id, kind, name, name_entry(self, list_id), self.deadline)
        return success()
