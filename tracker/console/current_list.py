"""Which list is a page about? A list of the person's own, or the events that came without one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import abort, request

from tracker.console.client import ask

WITHOUT_LIST = "none"


@dataclass(frozen=True, slots=True)
class CurrentList:
    """`described` is what `list.get` says of the list, nothing for events without one; `params` name it to commands."""

    name: str
    path: str
    params: dict[str, Any]
    described: dict[str, Any] = field(default_factory=dict)


def is_number(text: str) -> bool:
    """What commands read as a number: ASCII digits."""
    return text.isascii() and text.isdigit()


def start_of_page() -> int:
    """Where the page that the address asks for begins; what is no number is the first page."""
    sent = request.args.get("from", "")
    return int(sent) if is_number(sent) and len(sent) < 10 else 0


def place_of(list_id: str) -> CurrentList:
    """The list that a path names: digits, or `none`. What is not there, or another's, becomes the 404 page."""
    if list_id == WITHOUT_LIST:
        return CurrentList("Events without a list", f"/lists/{WITHOUT_LIST}", {"WithoutList": True})
    return list_of(list_id)


def list_of(list_id: str) -> CurrentList:
    """As `place_of`, for pages that make no sense without a list."""
    if not is_number(list_id):
        abort(404)
    described = ask("list.get", ListID=list_id)["List"]
    number = described["ListID"]
    return CurrentList(described["Name"], f"/lists/{number}", {"ListID": number}, described)
