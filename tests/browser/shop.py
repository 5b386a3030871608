"""What does a test know of the website it tracks? Its list, its snippet, what has arrived, and what went wrong."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.browser.websites import Between, Website
from tests.processes import until
from tests.served import Account, Tracker
from tracker.storage.schema.own_database import own_database

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

#: Collects what a page's owner would see of ours.
WATCH = """
window.wrong = [];
addEventListener('error', e => wrong.push(String(e.message)));
addEventListener('unhandledrejection', e => wrong.push('rejected: ' + e.reason));
"""


@dataclass(frozen=True, slots=True)
class Arrived:
    """An event that Tracker has stored."""

    name: str
    properties: dict[str, Any]
    visitor: str
    event_at: int


class Shop:
    """One list and the website that is tracked into it."""

    def __init__(self, tracker: Tracker, account: Account, website: Website, list_id: int) -> None:
        self.tracker, self.account, self.website, self.list_id = tracker, account, website, list_id
        found = tracker.call("list.get", account.key, ListID=list_id).body["List"]
        self.tracker_id: str = found["EventListTrackerID"]
        self.snippet: str = found["EventTrackerJS"]
        website.head = self.snippet
        #: What each page runs before any script of its own.
        self.first_scripts = [WATCH]
        self.wrong: list[str] = []
        self._database = own_database(tracker.database_url)

    def through(self, between: Between) -> Shop:
        """Events take the way through `between`; the script itself comes straight."""
        mark = f'data-to="{self.tracker.url}'
        assert mark in self.snippet
        self.snippet = self.website.head = self.snippet.replace(mark, f'data-to="{between.url}')
        return self

    def with_attributes(self, attributes: str) -> Shop:
        """More attributes on the tag that loads the script."""
        self.snippet = self.website.head = self.snippet.replace(
            "<script async ", f"<script async {attributes} "
        )
        return self

    def open(self, context: BrowserContext, path: str = "/", is_ready: bool = True) -> Page:
        """A page of the website in a new tab; errors that reach it are collected in `wrong`."""
        page = context.new_page()
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        for script in self.first_scripts:
            page.add_init_script(script)
        page.goto(self.website.url + path)
        if is_ready:
            page.wait_for_function("window.oct && oct.v")
        return page

    def arrived(self) -> list[Arrived]:
        """In the order of their own times."""
        sql = (
            "SELECT e.name, e.properties, v.uuid, e.event_at FROM events e"
            " JOIN visitors v ON v.list_id = e.list_id AND v.id = e.visitor_id WHERE e.list_id = ? ORDER BY e.id"
        )
        rows = self._database.read(lambda transaction: transaction.select(sql, (self.list_id,)))
        found = [
            Arrived(bytes(name).decode(), json.loads(bytes(stored)[1:]), bytes(uuid).hex(), at)
            for name, stored, uuid, at in rows
        ]
        return sorted(found, key=lambda event: event.event_at)

    def names(self) -> list[str]:
        return [event.name for event in self.arrived()]

    def counts(self) -> Counter[str]:
        """How many of each name have arrived: it is asked again and again, and reads no properties."""
        sql = "SELECT name, COUNT(*) FROM events WHERE list_id = ? GROUP BY name"
        rows = self._database.read(lambda transaction: transaction.select(sql, (self.list_id,)))
        return Counter({bytes(name).decode(): count for name, count in rows})

    def wait_for(self, names: dict[str, int], seconds: float = 20) -> list[Arrived]:
        """All that has arrived, once it is as many of each name as this; one too many never is."""
        until(lambda: self.counts() == Counter(names), seconds, f"{names} instead of {self.names()}")
        return self.arrived()

    def paths(self) -> list[str]:
        """The paths that were viewed."""
        return [e.properties["$pathname"] for e in self.arrived() if e.name == "page_view"]


def waiting(page: Page) -> int:
    """How many events wait in the queue of a page's origin."""
    count: int = page.evaluate("Object.keys(localStorage).filter(key => /^oct.{60}$/.test(key)).length")
    return count


def is_left_alone(page: Page) -> bool:
    """Whether the page has seen no error of ours."""
    assert page.evaluate("window.wrong") == []
    return True
