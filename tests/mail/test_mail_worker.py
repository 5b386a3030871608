"""Mails of schedules: when they are sent, that each is sent once, and what becomes of those that are not."""

from __future__ import annotations

from typing import Any

import gevent
import pytest
from gevent.event import Event

from tests.commands.schedules import TO, recipients
from tests.mail.conftest import Mailing
from tracker.delivery.mail_worker import CannotBeMailed, NotYet
from tracker.errors import OutcomeUnknown, StorageUnavailable

#: Eight o'clock in Berlin, in summer.
EIGHT = "2026-06-01T06:00"


def test_each_address_gets_a_mail_at_the_hour_of_the_lists_clock(mailing: Mailing) -> None:
    mailing.schedule()
    assert mailing.look("2026-06-01T05:59") == []
    assert mailing.look(EIGHT, "2026-06-01T06:01", "2026-06-01T23:00") == TO
    assert mailing.look("2026-06-02T06:00") == TO
    assert mailing.states() == ["accepted", "accepted"]
    assert recipients(mailing.client, mailing.shop, "LastMailAt") == ["2026-06-02T06:00:00.000Z"] * 2


def test_nothing_is_sent_of_before_the_schedule_or_its_change(mailing: Mailing) -> None:
    mailing.at("2026-06-01T06:30")
    made = mailing.schedule()
    assert mailing.look("2026-06-01T07:00") == []
    about = {"ListID": mailing.shop.list_id, "ScheduleID": made}
    mailing.client.ok("schedule.update", mailing.shop.key, **about, Every="month")
    assert mailing.look("2026-06-02T06:00") == []


def test_of_what_was_missed_the_latest_is_sent(mailing: Mailing) -> None:
    mailing.schedule()
    assert mailing.look("2026-06-09T20:00", "2026-06-09T21:00") == TO
    [(mail, due)] = mailing.composed
    assert (mail.every, due) == ("day", mailing.now - 15 * 3_600_000)


@pytest.mark.parametrize(
    ("every", "quiet", "due"),
    [
        ("week", "2026-06-08T05:59", "2026-06-08T06:00"),
        ("month", "2026-07-01T05:59", "2026-07-01T06:00"),
    ],
)
def test_weeks_begin_on_monday_and_months_on_the_first(
    mailing: Mailing, every: str, quiet: str, due: str
) -> None:
    mailing.at(EIGHT)
    mailing.schedule(Every=every)
    assert mailing.look(quiet) == []
    assert mailing.look(due) == TO


def test_two_processes_at_once_send_each_mail_once(mailing: Mailing) -> None:
    """Also if both think that they have the lease."""
    mailing.schedule(To=[f"to{number}@example.com" for number in range(8)])
    mailing.at(EIGHT)
    workers = [mailing.worker() for _ in range(3)]
    for worker in workers:
        worker._has_lease = lambda now: True  # type: ignore[method-assign]  # noqa: SLF001
    done = [gevent.spawn(worker.look) for worker in workers]
    gevent.joinall(done, timeout=30, raise_error=True)
    assert sorted(mailing.box.receivers) == [f"to{number}@example.com" for number in range(8)]
    assert mailing.states() == ["accepted"] * 8


def test_a_process_that_stops_leaves_the_work_to_another_at_once(mailing: Mailing) -> None:
    mailing.schedule()
    mailing.at(EIGHT)
    composed = Event()

    def compose(mail: Any, due: int) -> Any:
        composed.set()
        raise NotYet

    stopping = mailing.worker(compose)
    stopping.serve()
    assert composed.wait(30)
    stopping.close()
    mailing.worker().look()
    assert mailing.box.receivers == TO


def test_one_process_has_the_lease(mailing: Mailing) -> None:
    mailing.schedule()
    mailing.at(EIGHT)
    mailing.worker(lambda mail, due: _raise(NotYet())).look()
    mailing.worker().look()
    assert mailing.box.mails == []
    mailing.at("2026-06-01T06:02")
    mailing.worker().look()
    assert mailing.box.receivers == TO
    mailing.free_lease()


@pytest.mark.parametrize("answer", ["drop"])
def test_a_mail_whose_outcome_is_not_known_is_not_sent_again(mailing: Mailing, answer: str) -> None:
    mailing.schedule()
    mailing.box.answers = [answer]
    assert mailing.look(EIGHT) == TO[:1], "the server took it and broke off: it is asked for no more"
    assert mailing.look("2026-06-01T06:06", "2026-06-01T07:00") == TO[1:]
    assert mailing.states() == ["unknown", "accepted"]
    assert mailing.look("2026-06-02T06:00") == TO


def test_a_mail_that_is_not_taken_now_is_tried_again(mailing: Mailing) -> None:
    mailing.schedule()
    mailing.box.answers = ["452 4.2.2 Full"]
    assert mailing.look(EIGHT) == TO[1:]
    assert mailing.states() == ["failed", "accepted"]
    assert recipients(mailing.client, mailing.shop, "Failure")[0] == "the server answered 452 4.2.2 Full"
    assert mailing.look("2026-06-01T06:01") == []
    assert mailing.look("2026-06-01T06:06") == TO[:1]
    assert mailing.states() == ["accepted", "accepted"]


def test_an_address_that_is_refused_waits_for_the_next_period_and_harms_no_other(mailing: Mailing) -> None:
    mailing.schedule()
    mailing.box.refused = {TO[0]}
    assert mailing.look(EIGHT, "2026-06-01T06:10") == TO[1:]
    assert mailing.states() == ["refused", "accepted"]
    mailing.box.refused = set()
    assert mailing.look("2026-06-01T12:00") == []
    assert mailing.look("2026-06-02T06:00") == TO


def test_a_server_that_is_not_there_is_asked_once_a_look(mailing: Mailing) -> None:
    mailing.schedule()
    mailing.at(EIGHT)
    mailing.worker(url="smtp://127.0.0.1:1").look()
    assert mailing.states() == ["failed", None]
    mailing.free_lease()
    assert mailing.look("2026-06-01T06:06") == TO


@pytest.mark.parametrize("failure", [StorageUnavailable, OutcomeUnknown])
def test_nothing_is_sent_that_could_not_be_claimed(
    mailing: Mailing, failure: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    mailing.schedule()
    mailing.at(EIGHT)
    monkeypatch.setattr("tracker.delivery.mail_worker.claim_mail", lambda *_, **__: _raise(failure("no")))
    with pytest.raises(failure):
        mailing.worker().look()
    assert mailing.box.mails == []


def test_a_report_that_is_refused_says_so_and_one_that_is_not_there_yet_waits(mailing: Mailing) -> None:
    mailing.schedule()
    mailing.at(EIGHT)
    worker = mailing.worker(lambda mail, due: _raise(NotYet()))
    worker.look()
    assert mailing.states() == [None, None]
    worker.compose = lambda mail, due: _raise(CannotBeMailed("Goal not found (error 10)"))
    worker.look()
    assert mailing.states() == ["refused", "refused"]
    assert recipients(mailing.client, mailing.shop, "Failure") == ["Goal not found (error 10)"] * 2
    mailing.free_lease()


def test_who_unsubscribes_gets_no_more_and_others_do(mailing: Mailing) -> None:
    mailing.schedule()
    mailing.look(EIGHT)
    link = str(mailing.box.messages[0]["List-Unsubscribe"]).strip("<>")
    path = link.removeprefix("https://t.example")
    client = mailing.client
    assert client.get(path).status == 200, "programs that look for viruses open links"
    assert recipients(client, mailing.shop, "IsUnsubscribed") == [False, False]
    body = {"data": "List-Unsubscribe=One-Click", "content_type": "application/x-www-form-urlencoded"}
    done = client.post(path, **body)
    assert (done.status, "You get no more of these mails" in done.text) == (200, True)
    assert client.post(path, **body).status == 200
    assert recipients(client, mailing.shop, "IsUnsubscribed") == [True, False]
    assert mailing.look("2026-06-02T06:00") == TO[1:]


def test_a_link_that_was_made_up_ends_nothing(mailing: Mailing) -> None:
    """Of another schedule, of another address, of none, and in other forms."""
    first, second = mailing.schedule(), mailing.schedule(To=["cy@example.com"])
    mailing.look(EIGHT)
    tokens = [str(each["List-Unsubscribe"]).strip("<>").split("/")[-1] for each in mailing.box.messages]
    made_up = [
        f"/u/{second}/{tokens[0]}", f"/u/{first}/{tokens[2]}", f"/u/{first}/", f"/u/{first}/{'0' * 64}", f"/u/0/{tokens[0]}",
        f"/u/x/{tokens[0]}", f"/u/{10**12}/{tokens[0]}", f"/u/{first}/{tokens[0].upper()}", f"/u/{first}/%C3%A9", f"/u/{first}/{tokens[0]}x",
    ]  # fmt: skip
    answers = {path: mailing.client.post(path) for path in made_up}
    assert {path: answer.status for path, answer in answers.items()} == dict.fromkeys(made_up, 404)
    assert (
        len({answer.text for path, answer in answers.items() if "/u/" in path and not path.endswith("/")})
        == 1
    )
    sql = "SELECT COUNT(*) FROM schedule_recipients WHERE list_id = ? AND is_unsubscribed = 1"
    assert mailing.client.rows(sql, mailing.shop.list_id) == [(0,)]


def test_forgetting_a_person_ends_their_mails_too(mailing: Mailing) -> None:
    mailing.schedule()
    client, about = mailing.client, {"ListID": mailing.shop.list_id, "EmailAddress": "ADA@example.com"}
    client.ok("subscriber.create", mailing.shop.key, **about)
    client.ok("subscriber.forget", mailing.shop.key, **about)
    assert recipients(client, mailing.shop, "EmailAddress") == TO[1:]
    assert mailing.look(EIGHT) == TO[1:]


def _raise(failure: Exception) -> Any:
    raise failure


def test_the_message_id_is_of_the_period_and_the_address(mailing: Mailing) -> None:
    """So that a program for mail sees that a mail which came twice is one."""
    mailing.schedule()
    mailing.look(EIGHT, "2026-06-02T06:00")
    ids = [str(each["Message-ID"]) for each in mailing.box.messages]
    assert len(set(ids)) == 4
