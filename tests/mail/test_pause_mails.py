"""A trigger that pauses itself is told: in the audit log, and to the list's owner by one mail."""

from __future__ import annotations

import pytest

from tests.commands.goals import last_entry
from tests.commands.triggers import PUBLIC_URL, make_trigger, triggers_of
from tests.mail.conftest import URL, Mailing
from tracker.storage.triggers import PausedBy, trigger_store

PAUSED_AT = "2026-06-01T05:00"


@pytest.fixture
def paused(mailing: Mailing) -> int:
    """A trigger that has just paused itself."""
    mailing.at(PAUSED_AT)
    number = int(make_trigger(mailing.client, mailing.shop, PUBLIC_URL, Name="To the\nCRM")["TriggerID"])
    pause(mailing, PausedBy.FAILURES)
    return number


def pause(mailing: Mailing, reason: PausedBy) -> None:
    [trigger] = mailing.client.services.stores.triggers.of_list(mailing.shop.list_id)
    mailing.client.services.storage.write(
        lambda transaction: trigger_store.pause(transaction, trigger, reason, mailing.now)
    )


def test_the_owner_gets_one_mail_and_the_audit_log_an_entry(mailing: Mailing, paused: int) -> None:
    entry = ("trigger.paused", f"list:{mailing.shop.list_id} trigger:{paused}")
    assert last_entry(mailing.client, mailing.shop) == entry
    pause(mailing, PausedBy.BACKLOG)
    assert mailing.look(PAUSED_AT, "2026-06-01T05:01", "2026-06-02T05:00") == [mailing.shop.email]
    mail = mailing.box.messages[-1]
    assert mail["Subject"].startswith("Paused: the trigger To the CRM of ")
    assert "nothing was accepted for a day" in mail.get_content()
    assert f"{URL}/lists/{mailing.shop.list_id}/triggers/{paused}" in mail.get_content()


def test_two_processes_at_once_send_one(mailing: Mailing, paused: int) -> None:
    first, second = mailing.worker(), mailing.worker()
    first.look()
    mailing.free_lease()
    second.look()
    assert len(mailing.box.mails) == 1


@pytest.mark.parametrize(("answer", "again"), [("451 Not now", True), ("554 Never", False), ("drop", False)])
def test_one_that_was_certainly_not_sent_is_sent_later(
    mailing: Mailing, paused: int, answer: str, again: bool
) -> None:
    mailing.box.answers = [answer]
    mailing.look(PAUSED_AT)
    assert (mailing.look("2026-06-01T05:06") == [mailing.shop.email]) is again


def test_one_process_tries_again_after_five_minutes(mailing: Mailing, paused: int) -> None:
    mailing.box.answers = ["451 Not now"]
    worker = mailing.worker()
    for time, count in (("05:00", 0), ("05:04", 0), ("05:06", 1)):
        mailing.at(f"2026-06-01T{time}")
        worker.look()
        assert len(mailing.box.mails) == count
        mailing.free_lease()


def test_nothing_is_sent_of_one_that_goes_again_nor_of_long_ago(mailing: Mailing, paused: int) -> None:
    assert mailing.look("2026-06-04T05:01") == []
    about = {"ListID": mailing.shop.list_id, "TriggerID": paused}
    mailing.client.ok("trigger.update", mailing.shop.key, **about, IsActive=True)
    mailing.client.ok("trigger.update", mailing.shop.key, **about, IsActive=False)
    assert triggers_of(mailing.client, mailing.shop)[0]["PausedBy"] == "user"
    assert mailing.look(PAUSED_AT) == []
