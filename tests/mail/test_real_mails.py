"""A mail of the real reports: the overview and a saved report, from the events to the mailbox."""

from __future__ import annotations

import pytest

from tests.client import InProcess, Shop
from tests.commands.real_engine import RealEngine
from tests.commands.saved import save
from tests.commands.schedules import schedule
from tests.mail.mailbox import SENDER, Mailbox
from tests.processes import until
from tracker.mail import MailSender


@pytest.fixture(scope="module")
def database_kind() -> str:
    return "sqlite"


@pytest.mark.processes
def test_the_numbers_arrive(client: InProcess, shop: Shop, box: Mailbox) -> None:
    real = RealEngine(client, shop)
    real.track(*({"Event": "page_view", "Properties": {"$pathname": f"/{n % 2}"}} for n in range(4)))
    real.ask("reports.trend", Interval="none")
    number = save(client, shop, "Pages", Params={"By": "$pathname", "Measures": ["events"], "From": "-1d"})
    schedule(client, shop, To=["ada@example.com"])
    schedule(client, shop, SavedReportID=number, To=["bea@example.com"], Format="csv")
    client.services.storage.write(lambda t: t.execute("UPDATE schedules SET active_from = 0", ()))
    mails = client.services.mails
    mails.sender = MailSender.of(box.url, SENDER)

    def arrived() -> bool:
        mails.look()
        return len(box.mails) == 2

    until(arrived, 60, "two mails")
    mail = {each["To"]: each for each in box.messages}
    overview = mail["ada@example.com"].get_body(("plain",))
    assert overview is not None
    assert "\nPeople: 0" in overview.get_content().replace("\r", "")
    pages = mail["bea@example.com"].get_body(("plain",))
    assert pages is not None
    assert "\n/0: 2" in pages.get_content().replace("\r", "")
    [file] = mail["bea@example.com"].iter_attachments()
    assert sorted(file.get_content().splitlines()[1:])[0].startswith("/0,")
