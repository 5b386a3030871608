"""Which list is a page about? A list of the person's own, or the events that came without one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import abort

from tracker.console.asking import ask

WITHOUT_LIST = "none"


@dataclass(frozen=True, slots=True)
class Place:
    """`described` is what `list.get` says of the list, None for events without one; `params` name it to commands."""

    name: str
    path: str
    params: dict[str, Any]
    described: dict[str, Any] | None = None


def place_of(list_id: str) -> Place:
    """The list that a path names: digits, or `none`. What is not there, or another's, becomes the 404 page."""
    if list_id == WITHOUT_LIST:
        return Place("Events without a list", f"/lists/{WITHOUT_LIST}", {"WithoutList": True})
    return list_of(list_id)


def list_of(list_id: str) -> Place:
    """As `place_of`, for pages that make no sense without a list."""
    if not (list_id.isascii() and list_id.isdigit()):
        abort(404)
    described = ask("list.get", ListID=list_id)["List"]
    number = described["ListID"]
    return Place(described["Name"], f"/lists/{number}", {"ListID": number}, described)
