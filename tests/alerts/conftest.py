"""Alerts at work by a clock of the test's, and who is told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.client import InProcess, NewClient, Shop
from tests.commands.alerts import make_alert, the_alert
from tests.mail.mailbox import SENDER, Mailbox, receiving_mails
from tests.receiver import ALLOWED, Receiver, receiving
from tracker.delivery.alert_worker import AlertParts, AlertWorker
from tracker.domain.alert_rule import HOUR_MS, AlertReading
from tracker.mail import MailSender
from tracker.storage.alerts import DueAlert

MINUTE_MS = 60_000
#: Where the pages are.
URL = "https://t.example"


@pytest.fixture(scope="module")
def client(new_client: NewClient) -> InProcess:
    return new_client(ALLOWED)


@pytest.fixture(scope="module")
def server() -> Iterator[Mailbox]:
    with receiving_mails() as box:
        yield box


@pytest.fixture
def box(server: Mailbox) -> Mailbox:
    server.mails, server.answers, server.refused = [], [], set()
    return server


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


class Alarms:
    """Workers whose clock is the test's. `now` begins at the time of the test, so that events have their places."""

    def __init__(self, client: InProcess, shop: Shop, box: Mailbox, hook: Receiver) -> None:
        self.client, self.shop, self.box, self.hook = client, shop, box, hook
        self.begun = self.now = time.time_ns() // 1_000_000
        #: What alerts read, where they do not look themselves.
        self.reading: AlertReading | None = None

    def worker(self, url: str | None = None) -> AlertWorker:
        """A process's worker."""
        services = self.client.services
        parts = services.alerts._parts  # noqa: SLF001
        sender = MailSender.of(url or self.box.url, SENDER)
        made = AlertWorker(
            services.storage,
            lambda: self.now,
            AlertParts(parts.new_id, parts.poster, parts.compose, sender, URL),
        )
        made.read, made.mail = self._read, services.alerts.mail
        return made

    def make(self, **params: Any) -> dict[str, Any]:
        return make_alert(self.client, self.shop, **params)

    def look(self, minutes: int = 0, worker: AlertWorker | None = None) -> list[str]:
        """Have a new process look after some minutes, and tell what is due; the subjects of the mails that came."""
        before = len(self.box.mails)
        self.now += minutes * MINUTE_MS
        at_work = worker or self.worker()
        assert at_work.decide()
        at_work.tell()
        self.free_lease()
        return [str(each["Subject"]) for each in self.box.messages[before:]]

    def bad(self, value: bool) -> None:
        """What an alert of an event that is not seen reads from now on."""
        self.reading = AlertReading("0" if value else "1", words="It is 0" if value else "It is 1")

    def change(self, sql: str, *values: Any) -> None:
        self.client.services.storage.write(lambda transaction: transaction.change(sql, values))

    def free_lease(self) -> None:
        """As a worker that has ended, longer ago than its lease lasts."""
        self.change("UPDATE work_leases SET leased_until = 0 WHERE name = ?", b"alerts")

    @property
    def alert(self) -> dict[str, Any]:
        return the_alert(self.client, self.shop)

    def statuses(self) -> list[tuple[str, str]]:
        """(type, status) of what was told, oldest first."""
        return [(each["Type"], each["Status"]) for each in self.alert["Notices"][::-1]]

    def track(self, hours_ago: float = 0, **params: Any) -> None:
        at = self.now - int(hours_ago * HOUR_MS)
        sent = {"ListID": self.shop.list_id, "Event": "order", "Timestamp": at, **params}
        self.client.ok("event.track", self.shop.key, **sent)

    def _read(self, alert: DueAlert, now: int) -> AlertReading:
        read = self.client.services.alerts.read
        assert read is not None
        return self.reading or read(alert, now)


@pytest.fixture
def alarms(client: InProcess, shop: Shop, box: Mailbox, hook: Receiver) -> Iterator[Alarms]:
    made = Alarms(client, shop, box, hook)
    yield made
    made.free_lease()
    for table in ("alerts", "alert_recipients", "alert_firings", "alert_notices"):
        made.change(f"DELETE FROM {table} WHERE list_id = ?", shop.list_id)
