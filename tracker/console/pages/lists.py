"""Lists page at `/`: the user's lists with the numbers of the last 14 days, and a form for a new one."""

from __future__ import annotations

from typing import Any

from flask import jsonify, redirect, render_template, request

from tracker.console.client import CallRefused, Unanswered, ask
from tracker.console.current_list import start_of_page
from tracker.console.error_pages import is_asked_by_script
from tracker.console.list_numbers import ListNumbers
from tracker.console.number_words import MEASURES, SIX
from tracker.console.page_context import Route

LISTS_PER_PAGE = 50
#: Lists that the switcher in the bar shows; the others are on the page of all lists.
SWITCHED = 15
#: Names of events without a list whose counts are added up.
NAMES_SUMMED = 500
WORDS = {"SubscriberListName": "A name has 1 to 250 characters."}


def show() -> str:
    return _page()


def create() -> Any:
    name = request.form.get("name", "").strip()
    try:
        list_id = ask("list.create", SubscriberListName=name)["ListID"]
    except CallRefused as refused:
        return _page(name=name, faults=refused.beside(WORDS)), refused.status
    return redirect(f"/lists/{list_id}/setup", 303)


def home() -> Any:
    """Redirect a browser that reloads the answer to a form; answer the list switcher's script with the first lists."""
    if not is_asked_by_script():
        return redirect("/", 303)
    found = ask("lists.get", RecordsPerRequest=SWITCHED, OrderField="Name")["Lists"]
    return jsonify(Lists=[{"Name": each["Name"], "Path": f"/lists/{each['ListID']}"} for each in found])


def _page(**form: Any) -> str:
    """Render the page with the search and page number of the address."""
    search, start = request.args.get("search", ""), start_of_page()
    found = ask(
        "lists.get",
        RecordsPerRequest=LISTS_PER_PAGE,
        RecordsFrom=start,
        OrderField="Name",
        Search=search[:250],
    )
    lists, total = found["Lists"], found["TotalListCount"]
    following = start + len(lists)
    return render_template(
        "lists.html",
        numbers=ListNumbers(lists),
        names=[MEASURES[name][0] for name in SIX],
        lists=lists,
        strays=_strays(),
        total=total,
        search=search,
        start=start,
        previous=max(0, start - LISTS_PER_PAGE) if start else None,
        following=following if following < total else None,
        **form,
    )


def _strays() -> dict[str, Any] | None:
    """Return how many events came without a list, and when the last did; None if there are none, or one may not see them."""
    try:
        found = ask("website_events.catalogue", WithoutList=True, RecordsPerRequest=NAMES_SUMMED)
    except Unanswered as failure:
        if failure.status not in (403, 429):
            raise
        return None
    names = found["Events"]
    is_more = found["HasMore"] or found["IsFull"]
    if not names:
        return None
    return {
        "count": sum(each["Count"] for each in names),
        "is_more": is_more,
        "last": None if is_more else max(each["LastReceivedAt"] for each in names),
    }


ROUTES = (
    Route("GET", "/", show),
    Route("GET", "/lists", home),
    Route("POST", "/lists", create),
)
