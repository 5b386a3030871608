"""Names treated as one: the command `event.alias`."""

from __future__ import annotations

from typing import Any

from tracker import Command, CommandError
from tracker.api.name_params import (
    CHAIN,
    CIRCLE,
    INVALID_AS,
    MAX_PROPERTY,
    MISSING_AS,
    NAME_ERRORS,
    RESERVED_NAME,
    TOO_MANY_NAMES,
    ByteText,
    NameParams,
    answering_names,
    name_entry,
    named,
)
from tracker.api.report_params import own_list_id
from tracker.api.subscriber_responses import Success, success
from tracker.domain.spellings import NameKind
from tracker.formats.event_limits import MAX_NAME_BYTES


class EventAlias(Command):
    """Treat two names of a list as one: `Event`, or `Property`, is shown, counted and reported as `As`, past and future alike.

    What is stored keeps the names that it came with, so `event.unalias` takes it back without a trace. Wherever a name is
    asked for, in reports, goals, segments, the catalogue, timelines, live events and exports, each spelling stands for all of them. An event with several
    spellings of a property has the value of the one that is shown, or of the first of the others. No name stands for one that
    stands for another. `conversion` and `identify`, and properties that begin with
    `$`, have no other spellings.
    """

    name = "event.alias"
    permission = "List.Update"
    rate_limit = "100 per 60 seconds"
    errors = (*NAME_ERRORS, INVALID_AS, MISSING_AS, CIRCLE, CHAIN, RESERVED_NAME, TOO_MANY_NAMES)
    example = (
        {"ListID": 123, "Event": "pageView", "As": "page_view"},
        {"Success": True, "ErrorCode": 0, "ErrorText": ""},
    )

    class Params(NameParams):
        As = ByteText(
            1, MAX_PROPERTY, False, required=True, metadata={"description": "Name to show and count it as"}
        )

    class Answer(Success):
        pass

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id, (kind, name), shown = own_list_id(self, params), named(params), params["As"]
        if kind is NameKind.EVENT and len(shown.encode()) > MAX_NAME_BYTES:
            raise CommandError(INVALID_AS)
        with answering_names():
            names = self.services.stores.names
            names.treat_as(list_id, kind, name, shown, name_entry(self, list_id), self.deadline)
        return success()
