"""How does a test follow a list over HTTP? As a browser's EventSource does, one told thing after the other."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlencode

from tests.served import Tracker


class Told(NamedTuple):
    """One block of the stream: the name of its event, "" if it has none, and its data."""

    name: str
    data: Any


class Follower:
    """A connection that follows. `last_id` is what a browser would send when it comes again."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.answer = answer
        self.last_id = ""

    def told(self) -> Told | None:
        """The next block; None at the end. Raises TimeoutError."""
        name, data = "", None
        while line := self.answer.readline():
            field, _, value = line.decode().rstrip("\n").partition(": ")
            if not field:
                return Told(name, data)
            if field == "id":
                self.last_id = value
            elif field == "event":
                name = value
            elif field == "data":
                data = json.loads(value)
        return None

    def next(self, name: str = "tracked") -> Any:
        """The data of the next event of this name; what comes before is passed over, but for other events."""
        while (told := self.told()) is not None:
            if told.name == name:
                return told.data
            assert told.name == "", told
        raise AssertionError(f"the stream ended before {name}")

    def rest(self) -> list[Told]:
        """All that still comes, until the end."""
        return [told for told in iter(self.told, None) if told.name]


@contextmanager
def follow(tracker: Tracker, key: str | None, timeout: float = 10, **params: Any) -> Iterator[Follower]:
    """Follow a list. The first bytes are here when this begins."""
    connection = http.client.HTTPConnection("127.0.0.1", tracker.port, timeout=timeout)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        connection.request("GET", f"/api/v1/events.follow?{urlencode(params)}", headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        follower = Follower(answer)
        assert follower.told() == Told("", None)
        yield follower
    finally:
        connection.close()
