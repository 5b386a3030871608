"""People's numbers: what `reports.people` tells of subscribers on a page, or in one line why it tells nothing now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tracker.console.client import CallRefused, Unanswered, ask
from tracker.console.current_list import CurrentList
from tracker.console.number_words import written
from tracker.errors import REPORTS_UNAVAILABLE

#: Orders of `reports.people` in which the page lists subscribers, with what each is called.
ORDERS = {"LastSeenAt": "Last seen", "Events": "Events", "Revenue": "Revenue"}
#: The range of their events and revenue: the longest that a report may have.
RANGE = {"From": "-1826d", "Compare": "none"}
COVERED = "Events and revenue are of the last five years, without robots."
#: Errors of a question that is too much for reports now; others are the page's own.
_TOO_MUCH = (12, 13)


class PeopleNumbers(NamedTuple):
    """The answer, None if there is none now; then `reason` says why in a sentence, unless nobody has done anything yet."""

    answer: dict[str, Any] | None
    reason: str = ""

    def of(self, subscriber_id: str) -> Mapping[str, Any]:
        """Return what a subscriber did; nothing of one without events."""
        people = self.answer["People"] if self.answer else ()
        return next((each for each in people if each["SubscriberID"] == subscriber_id), {})


def ask_numbers(place: CurrentList, **params: Any) -> PeopleNumbers:
    """Return the answer of `reports.people` about subscribers of the list."""
    if place.described["LastEventTrackedAt"] is None:
        return PeopleNumbers(None)
    try:
        answer = ask("reports.people", **place.params, **RANGE, **params)
    except Unanswered as failure:
        if failure.code != REPORTS_UNAVAILABLE.code:
            raise
        return PeopleNumbers(None, f"reports are not available now (error {failure.code}). Tracking goes on.")
    except CallRefused as refused:
        if refused.code not in _TOO_MUCH:
            raise
        return PeopleNumbers(None, f"reports take too long for this list (error {refused.code}).")
    if answer["Status"] == "building":
        return PeopleNumbers(None, f"reports of this list are being prepared, {answer['Progress']:.0%} done.")
    return PeopleNumbers(answer)


def rows_of(
    subscribers: Sequence[Mapping[str, Any]], numbers: PeopleNumbers, place: CurrentList
) -> list[dict[str, Any]]:
    """Return these subscribers as rows, with what is known of each."""
    return [_row(each, numbers.of(each["SubscriberID"]), place) for each in subscribers]


def _row(subscriber: Mapping[str, Any], did: Mapping[str, Any], place: CurrentList) -> dict[str, Any]:
    return {
        "subscriber": subscriber,
        "begun": subscriber.get("CreatedOn") or did.get("FirstSeenAt"),
        "last": did.get("LastSeenAt"),
        "events": written("events", did.get("Events"), ""),
        "revenue": written("revenue", did.get("Revenue"), place.described["Currency"]),
        "source": did.get("Source"),
    }
