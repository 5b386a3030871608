"""A mailbox, and schedules at work by a clock of the test's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.schedules import recipients, schedule
from tests.mail.mailbox import SENDER, Mailbox, receiving_mails
from tracker.delivery.mail_worker import ComposeMail, MailWorker
from tracker.mail import MailMessage, MailSender
from tracker.storage.accounts import DueMail

#: Where the pages are.
URL = "https://t.example"


@pytest.fixture(scope="module")
def server() -> Iterator[Mailbox]:
    with receiving_mails() as box:
        yield box


@pytest.fixture
def box(server: Mailbox) -> Mailbox:
    server.mails, server.answers, server.refused = [], [], set()
    return server


class Mailing:
    """Workers whose clock is the test's, and the list of the test, whose clock is that of Berlin."""

    def __init__(self, client: InProcess, shop: Shop, box: Mailbox) -> None:
        self.client, self.shop, self.box = client, shop, box
        self.composed: list[tuple[DueMail, int]] = []
        self.at("2026-06-01T00:00")
        client.ok("list.update", shop.key, ListID=shop.list_id, Timezone="Europe/Berlin")

    def at(self, text: str) -> None:
        """Set the clock: a time in UTC."""
        self.now = int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)

    def schedule(self, **params: Any) -> int:
        """Make a schedule as if it had been made at the test's time."""
        made = schedule(self.client, self.shop, **params)
        self.change("UPDATE schedules SET active_from = ? WHERE id = ?", self.now, made)
        return made

    def change(self, sql: str, *values: Any) -> None:
        self.client.services.storage.write(lambda transaction: transaction.change(sql, values))

    def worker(self, compose: ComposeMail | None = None, url: str | None = None) -> MailWorker:
        """A process's worker."""
        sender = MailSender.of(url or self.box.url, SENDER)
        storage = self.client.services.storage
        return MailWorker(storage, lambda: self.now, sender, URL, compose or self._compose)

    def look(self, *texts: str) -> list[str]:
        """Have a new worker look at each of these times; who has got mails meanwhile."""
        before = len(self.box.receivers)
        for text in texts:
            self.at(text)
            self.worker().look()
            self.free_lease()
        return self.box.receivers[before:]

    def free_lease(self) -> None:
        """As a worker that has ended, longer ago than its lease lasts."""
        self.change("UPDATE work_leases SET leased_until = 0 WHERE name = ?", b"mails")

    def states(self) -> list[str | None]:
        return recipients(self.client, self.shop, "LastMail")

    def _compose(self, mail: DueMail, due: int) -> Any:
        self.composed.append((mail, due))
        return lambda link: MailMessage(
            "Numbers", f"No more: {link}", headers={"List-Unsubscribe": f"<{link}>"}
        )


@pytest.fixture
def mailing(
    client: InProcess, shop: Shop, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Mailing]:
    monkeypatch.setattr(client.services.analytics, "ask", lambda *_: {"building": 0.5})
    made = Mailing(client, shop, box)
    yield made
    made.free_lease()
    for table in ("schedules", "schedule_recipients"):
        made.change(f"DELETE FROM {table} WHERE list_id = ?", shop.list_id)
