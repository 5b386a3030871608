"""People page at `/lists/<id>/people`: subscribers, newest first or by what they did, and a search by address, ID and visitor."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import redirect, render_template, request

from tracker.console.client import CallRefused, ask
from tracker.console.current_list import CurrentList, is_number, list_of, start_of_page
from tracker.console.event_view import name_of
from tracker.console.page_context import Route
from tracker.console.people_numbers import COVERED, ORDERS, PeopleNumbers, ask_numbers, rows_of

PEOPLE_PER_PAGE = 50
MAX_CHARACTERS = 320
#: Characters from which on a search looks anywhere.
SHORTEST = 3
#: The fields in which a shorter one looks for a prefix, one after the other.
SEARCHED = ("EmailAddress", "ExternalID")


def show(list_id: str) -> Any:
    """Render the list or the search; an exact match is shown at once."""
    place, search = list_of(list_id), request.args.get("search", "").strip()[:MAX_CHARACTERS]
    path = _exact(place, search) if search else None
    if path is not None:
        return redirect(path, 303)
    page = _found(place, search) if search else _sorted(place) or _all(place)
    return render_template(
        "people.html",
        tab="people",
        place=place,
        search=search,
        name_of=name_of,
        orders=ORDERS,
        covered=COVERED,
        **page,
    )


def _sorted(place: CurrentList) -> dict[str, Any] | None:
    """Return the page of those with events in the order of the address; None without an order, and without reports."""
    sort = request.args.get("sort", "")
    if sort not in ORDERS:
        return None
    cursor = request.args.get("cursor") or None
    numbers = ask_numbers(place, Sort=sort, OnlySubscribers=True, Limit=PEOPLE_PER_PAGE, Cursor=cursor)
    if numbers.answer is None:
        return None
    return {
        "people": rows_of(numbers.answer["People"], numbers, place),
        "total": numbers.answer["Total"],
        "is_first": cursor is None,
        "cursor": numbers.answer["Cursor"],
        "sort": sort,
        "numbers": numbers,
    }


def _shown(place: CurrentList, subscribers: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the rows of subscribers with their numbers."""
    numbers = PeopleNumbers(None)
    if subscribers:
        listed = [each["SubscriberID"] for each in subscribers]
        numbers = ask_numbers(place, SubscriberIDs=listed, Limit=PEOPLE_PER_PAGE)
    return {"people": rows_of(subscribers, numbers, place), "numbers": numbers}


def _all(place: CurrentList) -> dict[str, Any]:
    """Return the page after the subscriber that the address names; the newest without a valid number."""
    sent = request.args.get("after", "")
    after = sent if is_number(sent) and len(sent) < 20 else None
    found = ask("subscribers.get", **place.params, RecordsPerRequest=PEOPLE_PER_PAGE + 1, OrderType="DESC", AfterSubscriberID=after)  # fmt: skip
    people = found["Subscribers"][:PEOPLE_PER_PAGE]
    is_more = len(found["Subscribers"]) > len(people)
    following = people[-1]["SubscriberID"] if is_more else None
    return {
        **_shown(place, people),
        "total": found["TotalSubscriberCount"],
        "is_first": after is None,
        "after": following,
    }


def _found(place: CurrentList, search: str) -> dict[str, Any]:
    """Return the subscribers with the search in their address, ID or fields; of one or two characters, the beginnings."""
    start = start_of_page()
    people: list[dict[str, Any]] = []
    total = 0
    for field in SEARCHED:
        try:
            found = ask("subscribers.get", **place.params, RecordsPerRequest=PEOPLE_PER_PAGE, RecordsFrom=start, OrderType="DESC" if len(search) >= SHORTEST else None, Search=search, SearchType="contains", SearchField=field)  # fmt: skip
        except CallRefused:
            break
        people, total = found["Subscribers"], found["TotalSubscriberCount"]
        if total or len(search) >= SHORTEST:
            break
    following = start + len(people)
    return {
        **_shown(place, people),
        "total": total,
        "start": start,
        "following": following if following < total else None,
    }


def _exact(place: CurrentList, search: str) -> str | None:
    """Return the path of the subscriber with this number, address or ID, or of the visitor with this UUID; None without."""
    uuid = uuid_in(search)
    if uuid is not None:
        found = _asked("subscriber.events", place, UUID=uuid, RecordsPerRequest=1)
        if found and found["SubscriberID"] is None:
            return f"{place.path}/visitors/{uuid}"
        if found:
            return f"{place.path}/people/{found['SubscriberID']}"
    for field in ("SubscriberID", "EmailAddress", "ExternalID"):
        found = _asked("subscriber.get", place, **{field: search}) if _may_be(field, search) else None
        if found:
            return f"{place.path}/people/{found['SubscriberInformation']['SubscriberID']}"
    return None


def _may_be(field: str, search: str) -> bool:
    """Not everything is asked for everywhere."""
    if field == "SubscriberID":
        return is_number(search)
    return field == "ExternalID" or "@" in search


def _asked(command: str, place: CurrentList, **params: Any) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = ask(command, **place.params, **params)
    except CallRefused:
        return None
    return found


def uuid_in(text: str) -> str | None:
    """The UUID that a text is, as commands write it."""
    try:
        return str(UUID(text))
    except ValueError:
        return None


ROUTES = (Route("GET", "/lists/<list_id>/people", show),)
