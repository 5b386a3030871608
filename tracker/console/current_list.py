"""Current list of a page: a list of the signed-in user, or the events without a list."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import abort, request

from tracker.console.client import ask

WITHOUT_LIST = "none"


@dataclass(frozen=True, slots=True)
class CurrentList:
    """A list. `described` is the answer of `list.get`, empty for events without a list; `params` name the list to commands."""

    name: str
    path: str
    params: dict[str, Any]
    described: dict[str, Any] = field(default_factory=dict)


def is_number(text: str) -> bool:
    """Whether commands read the text as a number: ASCII digits."""
    return text.isascii() and text.isdigit()


def start_of_page() -> int:
    """Return where the page of the address begins; the first page for anything but a number."""
    sent = request.args.get("from", "")
    return int(sent) if is_number(sent) and len(sent) < 10 else 0


def place_of(list_id: str) -> CurrentList:
    """Return the list that a path names: digits, or `none`. A missing list, and another user's, becomes the 404 page."""
    if list_id == WITHOUT_LIST:
        return CurrentList("Events without a list", f"/lists/{WITHOUT_LIST}", {"WithoutList": True})
    return list_of(list_id)


def list_of(list_id: str) -> CurrentList:
    """Return the list as `place_of` does, for pages that need a list."""
    if not is_number(list_id):
        abort(404)
    described = ask("list.get", ListID=list_id)["List"]
    number = described["ListID"]
    return CurrentList(described["Name"], f"/lists/{number}", {"ListID": number}, described)
