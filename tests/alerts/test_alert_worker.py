"""Alerts at work: told once when they turn bad and once when they are well, by mail and by URL, and by one process."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from email.message import EmailMessage

import gevent
import pytest

from tests.alerts.conftest import Alarms
from tests.commands.goals import last_entry
from tracker.domain.alert_rule import AlertReading
from tracker.mail import MailSender
from tracker.mail.mail_sender import Delivered
from tracker.storage.alerts.alert_notices import KEPT_FIRINGS

TO = ["ada@example.com", "Bea@Example.com"]
COUNT = {"Kind": "refusals", "Is": "above", "Value": 5, "Event": None}
GOOD, BAD = AlertReading("1", words="It is 1"), AlertReading("9", words="It is 9")


def test_an_alarm_is_told_once_and_once_that_it_is_well(alarms: Alarms) -> None:
    alarms.make(To=TO)
    alarms.bad(True)
    assert alarms.look() == ["Alarm: Orders stopped · Fresh"] * 2
    assert sorted(alarms.box.receivers) == TO[::-1]
    assert alarms.look(1) == []
    alarms.bad(False)
    assert alarms.look(1) == ["Well again: Orders stopped · Fresh"] * 2
    assert alarms.look(1) == []
    [firing] = alarms.alert["Firings"]
    assert (firing["Began"], firing["Ended"]) == ("It is 0", "It is 1")
    assert alarms.alert["State"] == "ok"
    assert [to["LastMail"] for to in alarms.alert["To"]] == ["accepted"] * 2


def test_a_url_is_told_with_a_signature_and_again_until_it_accepts(alarms: Alarms) -> None:
    made = alarms.make(To=None, URL=alarms.hook.url)
    alarms.hook.answers = [b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"]
    alarms.bad(True)
    alarms.look()
    first = alarms.hook.next()
    assert first.is_signed_by(made["Secret"])
    assert first.message["Type"] == "alarm"
    assert first.message["MessageID"] == first.id
    assert first.message["Reading"] == {"Value": 0.0, "Compared": None, "Names": []}
    assert first.message["Text"] == "Alarm: Orders stopped. “order” not seen in the last 3 hours. It is 0."
    assert alarms.statuses() == [("alarm", "waiting")]
    alarms.look(1)
    again = alarms.hook.next()
    assert (again.id, again.body) == (first.id, first.body)
    assert alarms.statuses() == [("alarm", "accepted")]
    attempts = alarms.alert["Notices"][0]["Attempts"]
    assert [each["Status"] for each in attempts] == [500, 204]


def test_what_is_told_to_one_comes_in_order(alarms: Alarms) -> None:
    alarms.make(To=None, URL=alarms.hook.url)
    alarms.hook.answers = [b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"] * 2
    alarms.bad(True)
    alarms.look()
    alarms.bad(False)
    alarms.look(1)
    assert [alarms.hook.next().message["Type"] for _ in range(2)] == ["alarm", "alarm"]
    assert alarms.hook.is_empty()
    alarms.look(1)
    alarms.look(0)
    assert [alarms.hook.next().message["Type"] for _ in range(2)] == ["alarm", "well"]
    assert alarms.statuses() == [("alarm", "accepted"), ("well", "accepted")]


def test_it_does_not_flap(alarms: Alarms) -> None:
    """Of counts that go up and down, the first is told, and then nothing until it was well for a while."""
    alarms.make(**COUNT, Hours=1)
    told = []
    for minute in range(40):
        alarms.reading = BAD if minute % 3 == 0 else GOOD
        told += alarms.look(1)
    assert told == ["Alarm: Orders stopped · Fresh"]
    alarms.reading = GOOD
    assert [alarms.look(1) for _ in range(20)].count([]) == 19
    assert len(alarms.alert["Firings"]) == 1


def test_a_look_that_can_say_nothing_changes_nothing_and_says_why(alarms: Alarms) -> None:
    alarms.make()
    alarms.bad(True)
    assert len(alarms.look()) == 1
    alarms.reading = AlertReading(None, trouble="the copy of the list for reports is being built")
    assert alarms.look(1) == []
    found = alarms.alert
    assert (found["State"], found["Trouble"]) == ("firing", alarms.reading.trouble)
    assert (found["Reading"], found["Found"]) == (None, None)


def test_two_processes_that_look_at_once_decide_once(alarms: Alarms) -> None:
    """Also if both think that they have the lease."""
    alarms.make(To=TO, URL=alarms.hook.url)
    alarms.bad(True)
    workers = [alarms.worker() for _ in range(3)]
    for worker in workers:
        worker._has_lease = lambda now: True  # type: ignore[method-assign]  # noqa: SLF001
    gevent.joinall([gevent.spawn(worker.decide) for worker in workers], timeout=30, raise_error=True)
    assert len(alarms.alert["Firings"]) == 1
    assert len(alarms.alert["Notices"]) == 3
    gevent.joinall([gevent.spawn(worker.tell) for worker in workers], timeout=30, raise_error=True)
    assert sorted(alarms.box.receivers) == TO[::-1]


def test_one_process_has_the_lease(alarms: Alarms) -> None:
    first, second = alarms.worker(), alarms.worker()
    assert (first.decide(), second.decide()) == (True, False)
    alarms.now += 61_000
    assert second.decide()


def test_a_mail_whose_outcome_is_not_known_is_not_sent_again(alarms: Alarms) -> None:
    alarms.make()
    alarms.box.answers = ["drop"]
    alarms.bad(True)
    alarms.look()
    assert alarms.look(10) == []
    assert alarms.statuses() == [("alarm", "unknown")]
    assert alarms.alert["To"][0]["LastMail"] == "unknown"


def test_a_mail_amid_which_the_work_ended_is_not_known(
    alarms: Alarms, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(_self: object, _to: str, _mail: object, _id: str, claim: Callable[[], bool]) -> Delivered:
        assert claim()
        raise RuntimeError

    alarms.make()
    alarms.bad(True)
    with monkeypatch.context() as ending:
        ending.setattr(MailSender, "send", ended)
        with contextlib.suppress(RuntimeError):
            alarms.look()
    alarms.free_lease()
    assert alarms.look(10) == []
    assert alarms.statuses() == [("alarm", "unknown")]
    [told] = alarms.alert["To"]
    assert (told["LastMail"], told["LastMailAt"] is None) == ("unknown", False)


def test_a_mail_that_is_not_taken_now_is_tried_again(alarms: Alarms) -> None:
    alarms.make()
    alarms.box.answers = ["452 4.2.2 Full"]
    alarms.bad(True)
    assert alarms.look() == []
    assert alarms.look(1) == []
    assert len(alarms.look(5)) == 1
    assert alarms.statuses() == [("alarm", "accepted")]


def test_an_address_that_is_refused_harms_no_other(alarms: Alarms) -> None:
    alarms.make(To=TO)
    alarms.box.refused = {TO[0]}
    alarms.bad(True)
    assert len(alarms.look()) == 1
    assert sorted(alarms.statuses()) == [("alarm", "accepted"), ("alarm", "given up")]
    assert [to["LastMail"] for to in alarms.alert["To"]] == ["refused", "accepted"]


def test_a_mail_says_what_was_found_and_how_to_end_it(alarms: Alarms) -> None:
    made = alarms.make(Name="<b>Orders</b>")
    alarms.bad(True)
    alarms.look()
    [mail] = alarms.box.messages
    link = str(mail["List-Unsubscribe"]).strip("<>")
    assert link.startswith(f"https://t.example/u/a{made['AlertID']}/")
    plain, html = _part(mail, "plain"), _part(mail, "html")
    assert "“order” not seen in the last 3 hours." in plain
    assert f"https://t.example/lists/{alarms.shop.list_id}/alerts/{made['AlertID']}" in plain
    assert "&lt;b&gt;Orders" in html
    path = link.removeprefix("https://t.example")
    asked = alarms.client.get(path)
    assert (asked.status, "No more of these mails?" in asked.text) == (200, True)
    assert alarms.client.post(path).status == 200
    assert alarms.alert["To"][0]["IsUnsubscribed"]
    alarms.bad(False)
    assert alarms.look(1) == []
    for made_up in (
        path[:-1] + "0" if path[-1] != "0" else path[:-1] + "1",
        path.replace("/a", "/"),
        "/u/b1/x",
    ):
        assert alarms.client.post(made_up).status == 404


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_what_is_changed_while_a_process_looks_is_not_decided(alarms: Alarms) -> None:
    made = alarms.make()
    worker = alarms.worker()
    read = {"ListID": alarms.shop.list_id, "AlertID": made["AlertID"]}

    def changing(*_: object) -> AlertReading:
        alarms.client.ok("alert.update", alarms.shop.key, **read, Hours=9)
        return AlertReading("0")

    worker.read = changing
    assert alarms.look(0, worker) == []
    assert (alarms.alert["State"], alarms.alert["Firings"]) == ("ok", [])


@pytest.mark.parametrize("change", [{"Hours": 9}, {"IsActive": False}])
def test_a_changed_alert_begins_well_and_what_lasted_is_over(
    alarms: Alarms, change: dict[str, object]
) -> None:
    made = alarms.make()
    alarms.bad(True)
    assert len(alarms.look()) == 1
    about = {"ListID": alarms.shop.list_id, "AlertID": made["AlertID"]}
    alarms.client.ok("alert.update", alarms.shop.key, **about, **change)
    found = alarms.alert
    assert (found["State"], found["LookedAt"], found["Firings"][0]["Ended"]) == ("ok", None, None)
    assert found["Firings"][0]["EndedAt"] is not None
    assert len(alarms.look(1)) == ("Hours" in change)


def test_a_deleted_alert_tells_nothing_more(alarms: Alarms) -> None:
    made = alarms.make(To=None, URL=alarms.hook.url)
    alarms.hook.answers = [b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"]
    alarms.bad(True)
    alarms.look()
    alarms.hook.next()
    alarms.client.ok("alert.delete", alarms.shop.key, ListID=alarms.shop.list_id, AlertID=made["AlertID"])
    alarms.look(10)
    assert alarms.hook.is_empty()
    for table in ("alerts", "alert_recipients", "alert_firings", "alert_notices"):
        assert alarms.client.rows(f"SELECT * FROM {table} WHERE list_id = ?", alarms.shop.list_id) == []
    assert last_entry(alarms.client, alarms.shop)[0] == "alert.delete"


def test_a_forgotten_person_gets_no_alarm_and_is_in_no_history(alarms: Alarms) -> None:
    alarms.make(To=TO)
    alarms.track(5, Email="ADA@example.com", Event="seen")
    alarms.bad(True)
    assert len(alarms.look()) == 2
    about = {"ListID": alarms.shop.list_id, "EmailAddress": "ada@example.com"}
    alarms.client.ok("subscriber.forget", alarms.shop.key, **about)
    found = alarms.alert
    assert [to["EmailAddress"] for to in found["To"]] == TO[1:]
    assert [each["To"] for each in found["Notices"]] == TO[1:]
    alarms.bad(False)
    assert len(alarms.look(1)) == 1


def test_the_history_is_bounded(alarms: Alarms) -> None:
    alarms.make()
    worker = alarms.worker()
    for is_bad in [True, False] * (KEPT_FIRINGS + 3):
        alarms.bad(is_bad)
        alarms.now += 60_000
        assert worker.decide()
    found = alarms.alert
    assert len(found["Firings"]) == KEPT_FIRINGS
    assert len(found["Notices"]) == 2 * KEPT_FIRINGS
