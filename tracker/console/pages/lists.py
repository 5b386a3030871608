"""Lists page at `/`: the user's lists, and a form for a new one."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request
from werkzeug.wrappers import Response

from tracker.console.client import CallRefused, ask
from tracker.console.current_list import WITHOUT_LIST, list_of, start_of_page
from tracker.console.page_context import Route

LISTS_PER_PAGE = 50
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


def overview(list_id: str) -> Response:
    if list_id == WITHOUT_LIST:
        return redirect(f"/lists/{WITHOUT_LIST}/live", 303)
    return redirect(f"{list_of(list_id).path}/setup", 303)


def home() -> Response:
    """Redirect a browser that reloads the answer to a form."""
    return redirect("/", 303)


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
        lists=lists,
        total=total,
        search=search,
        start=start,
        previous=max(0, start - LISTS_PER_PAGE) if start else None,
        following=following if following < total else None,
        **form,
    )


ROUTES = (
    Route("GET", "/", show),
    Route("GET", "/lists", home),
    Route("POST", "/lists", create),
    Route("GET", "/lists/<list_id>", overview),
)
