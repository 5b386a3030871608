"""How do tests look at pages of reports? In this process, as somebody who is signed in, with answers that are made up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.client import InProcess, Reply
from tests.console.made_up_reports import MadeUpReports
from tests.console.visitor import signed_in, token_in
from tracker.console.page_context import EXTENSION


class Console:
    """A browser without scripts in which Jane is signed in, and the made-up reports that its pages ask."""

    def __init__(self, client: InProcess) -> None:
        desk = client.app.extensions[EXTENSION]
        self.client, self.reports = client, MadeUpReports(desk.dispatcher)
        client.app.extensions[EXTENSION] = replace(desk, dispatcher=self.reports)
        self.user = client.open_shop("jane@example.com", list_name="Web shop")
        self.ask, self.list_id = signed_in(client, self.user), self.user.list_id
        client.ok(
            "event.track", self.user.key, ListID=self.list_id, Event="page_view", Properties={"price": 3}
        )

    def made(self, name: str) -> int:
        return int(self.client.ok("list.create", self.user.key, SubscriberListName=name)["ListID"])

    @property
    def path(self) -> str:
        return f"/lists/{self.list_id}"

    def get(self, path: str, **args: str) -> Reply:
        self.reports.asked.clear()
        return self.ask("GET", path, **({"params": args} if args else {}))

    def submit(self, path: str, at: str | None = None, **fields: str) -> Reply:
        """The form on the page `at` that is sent to `path`, filled in."""
        token = token_in(self.ask("GET", at or path))
        return self.ask("POST", path, data={"token": token, **fields})

    def json(self, path: str) -> Any:
        return self.ask("GET", path, headers={"Accept": "application/json"}).body

    def asked(self, command: str) -> list[dict[str, Any]]:
        return [params for name, params in self.reports.asked if name == command]
