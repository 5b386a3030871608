"""Live events as server-sent events: the command `events.follow`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tracker import Command, CommandError, Error, EventStream, invalid
from tracker.api.event_list import EVENT_LIST_ERRORS, EventsParams, event_list_id
from tracker.api.event_responses import RECEIVED_EXAMPLE, ReceivedEvent
from tracker.api.name_params import event_names
from tracker.fields import Text, WholeNumber
from tracker.live.hub import TooManySubscribers
from tracker.live.sse import newest_id_in

MAX_SECONDS = 24 * 3600
INVALID_AFTER = invalid("After", 7)
CROWDED = Error(9, "Too many streams are open: close others first, or try again later", status=429)
#: Seconds within which the place of a client that vanished is free again.
RETRY_SECONDS = 10


class EventsFollow(Command):
    """Follow the events that a list receives, as server-sent events (`text/event-stream`), within a second of their commit.

    `WithoutList` instead of `ListID` selects the events that were sent without a list. `Event` selects events of one name, in
    whichever of the spellings that it has as the stream begins (`event.alias`). The stream lasts until either side ends it, for `Seconds` at most; it also ends when the session or the key ends. A
    browser's `EventSource` can read it. Its message types are:

    - `tracked`: an event, as in `events.recent`.
    - `skipped`: more events arrived than the stream shows, or than the client read: `Count` events of any name, null if the
      number is unknown.
    - `unavailable` and `available`: the database cannot be read, and can be read again; only events that `skipped` counts are
      missing from the stream.
    - a comment every 5 seconds while there is nothing else to send.

    To resume where a stream ended, at any worker, send the `id` of its last message as `After`, or in the header
    `Last-Event-ID`, as browsers do when they reconnect. `Seconds=0` ends the stream once all events since then are sent.
    Events of the last 10 seconds before that point are sent again, since events are not always committed in the order in
    which they are received: compare `EventID`. Without a point to resume from, the stream begins with the next event.
    """

    name = "events.follow"
    method = "GET"
    media_type = EventStream.media_type
    permission = "Subscribers.Get"
    rate_limit = "120 per 60 seconds"
    errors = (*EVENT_LIST_ERRORS, invalid("Event", 6), INVALID_AFTER, invalid("Seconds", 8), CROWDED)
    example = ({"ListID": 123, "Seconds": 0}, RECEIVED_EXAMPLE)

    class Params(EventsParams):
        Event = Text(1, 200, metadata={"description": "Only events of this name"})
        After = Text(1, 200, metadata={"description": "Where to resume: the last `id` of an earlier stream"})
        Seconds = WholeNumber(0, MAX_SECONDS, metadata={"description": "How long to follow at most"})

    Answer = ReceivedEvent

    def run(self, params: dict[str, Any]) -> EventStream:
        list_id, after = event_list_id(self, params), None
        place = self.caller.sender.last_event_id or params.get("After")
        if place is not None:
            after = newest_id_in(list_id, place, self.now)
            if after is None:
                raise CommandError(INVALID_AFTER)
        names = event_names(self, list_id, params)
        return EventStream(self._parts(list_id, names, after, params.get("Seconds")))

    def _parts(
        self, list_id: int, names: frozenset[bytes] | None, after: int | None, seconds: int | None
    ) -> Iterator[bytes]:
        """Yield the stream. Raises CommandError (9) before the first part."""
        try:
            yield from self.services.following.parts(self.user_id, list_id, names, after, seconds)
        except TooManySubscribers:
            raise CommandError(CROWDED, headers={"Retry-After": str(RETRY_SECONDS)}) from None
