"""Which events is a list receiving now? The command `events.follow`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tracker import CommandError, Error, EventStream, invalid
from tracker.api.event_list import OF_EVENTS, EventsCommand, EventsParams
from tracker.api.event_responses import RECEIVED_EXAMPLE, ReceivedEvent
from tracker.fields import Text, WholeNumber
from tracker.live.hub import TooManySubscribers
from tracker.live.sse import newest_id_in

MAX_SECONDS = 24 * 3600
INVALID_AFTER = invalid("After", 7)
CROWDED = Error(9, "Too many are following: end others first, or try again later", status=429)
#: Within this time a place is free again that a client has left without a word.
RETRY_SECONDS = 10


class EventsFollow(EventsCommand):
    """Follow what a list receives: server-sent events (`text/event-stream`), within a second of their commit.

    `WithoutList` instead of `ListID` names the events that were sent without one. `Event` keeps events of one name. The
    answer lasts until either side ends it, for `Seconds` at most; it also ends when the session or the key does. A browser's
    `EventSource` reads it.

    - `tracked`: an event, as `events.recent` gives it.
    - `skipped`: more came than are shown, or than the client took: `Count` events of any name, null if nobody counted.
    - `unavailable` and `available`: the database cannot be read, and can again; nothing is lost meanwhile but what is skipped.
    - comments come when nothing else does, every 5 seconds.

    The `id` of the last one, sent as `After` or, as browsers do when they come again, in the header `Last-Event-ID`, goes on
    where the answer ended, at any worker; `Seconds=0` ends when all that came since has been given. Events of the 10 seconds
    before come again, since not all are committed in the order in which they are received: `EventID` tells. Without a place
    to go on from it begins now.
    """

    name = "events.follow"
    method = "GET"
    media_type = EventStream.media_type
    permission = "Subscribers.Get"
    rate_limit = "120 per 60 seconds"
    errors = (*OF_EVENTS, invalid("Event", 6), INVALID_AFTER, invalid("Seconds", 8), CROWDED)
    example = ({"ListID": 123, "Seconds": 0}, RECEIVED_EXAMPLE)

    class Params(EventsParams):
        Event = Text(1, 200, metadata={"description": "Only events of this name"})
        After = Text(1, 200, metadata={"description": "Where to go on: the last `id` of an answer before"})
        Seconds = WholeNumber(0, MAX_SECONDS, metadata={"description": "How long to follow at most"})

    Answer = ReceivedEvent

    def run(self, params: dict[str, Any]) -> EventStream:
        list_id, after = self.events_of(params), None
        place = self.caller.sender.last_event_id or params.get("After")
        if place is not None:
            after = newest_id_in(list_id, place, self.now)
            if after is None:
                raise CommandError(INVALID_AFTER)
        return EventStream(self._parts(list_id, params.get("Event"), after, params.get("Seconds")))

    def _parts(
        self, list_id: int, name: str | None, after: int | None, seconds: int | None
    ) -> Iterator[bytes]:
        """Raises CommandError (9), before the first part."""
        try:
            yield from self.services.following.parts(self.user_id, list_id, name, after, seconds)
        except TooManySubscribers:
            raise CommandError(CROWDED, headers={"Retry-After": str(RETRY_SECONDS)}) from None
