"""Reports of the real engine: events with times of their own, and answers that have seen all of them."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import pytest

from tests.client import InProcess, Reply, Shop
from tests.processes import until
from tracker.times import iso_utc

#: For tests of what the engine alone judges: it asks a copy of its own, and another test of the module has it from each database.
ON_ONE_DATABASE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True, scope="module")
#: Seconds for a process to start, build a copy and look at the truth, on a busy machine.
READY_SECONDS = 60
#: Events of one batch.
AT_ONCE = 500


class RealEngine:
    """One list, asked about with the reports process that a served Tracker would have."""

    def __init__(self, client: InProcess, shop: Shop) -> None:
        self.client, self.shop = client, shop
        self._told_at = 0

    def track(self, *events: dict[str, Any]) -> None:
        """Store events, each as the parameters of `event.track`."""
        for start in range(0, len(events), AT_ONCE):
            sent = {"ListID": self.shop.list_id, "Events": list(events[start : start + AT_ONCE])}
            results = self.client.ok("event.batch", self.shop.key, **sent)["results"]
            assert {result["status"] for result in results} == {"ok"}, results
        self.changed()

    def changed(self) -> None:
        """Note that the truth has changed: answers that count are from after now."""
        self._told_at = time.time_ns() // 1_000_000

    def reply(self, command: str, **params: Any) -> Reply:
        return self.client.call(command, self.shop.key, **{"ListID": self.shop.list_id, **params})

    def ask(self, command: str, **params: Any) -> Any:
        """The answer of a copy that has looked at the truth since the last change."""
        since = iso_utc(self._told_at)

        def fresh() -> Any:
            answer = self.reply(command, **params)
            assert answer.status == 200, answer.text
            as_of = answer.body.get("Scope", answer.body)["AsOf"]
            is_fresh = answer.body["Status"] == "ready" and as_of > since
            return answer.body if is_fresh else None

        return until(fresh, READY_SECONDS, f"a fresh answer of {command}")

    def lines(self, **params: Any) -> list[str]:
        """The lines of an export from a copy that has looked at the truth since the last change."""
        self.ask("reports.trend", Interval="none")
        answer = self.reply("events.export", **params)
        assert answer.status == 200, answer.text
        return answer.text.splitlines()

    def total(self, measure: str, **params: Any) -> Any:
        """One measure of the whole range."""
        asked = self.ask("reports.trend", Interval="none", Compare="none", Measures=[measure], **params)
        [series] = asked["Series"]
        return series["Total"]


def at(text: str) -> int:
    """UTC milliseconds of an ISO 8601 time."""
    return int(datetime.fromisoformat(text).timestamp() * 1000)
