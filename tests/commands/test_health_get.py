"""`health.get`: what does not work is told with what to do, to administrators alone."""

from __future__ import annotations

import time
from functools import partial

import pytest

from tests.client import InProcess, NewClient, Shop
from tracker.metrics.totals import LiveWorker
from tracker.storage import job_queue
from tracker.storage.job_queue import Job


def check(client: InProcess, admin: Shop, name: str) -> tuple[str, str]:
    """The state and the text of a check."""
    [found] = [each for each in client.ok("health.get", admin.key)["Checks"] if each["Check"] == name]
    assert (found["Fix"] is None) is (found["State"] in ("ok", "unknown")), found
    return found["State"], found["Detail"]


def test_users_learn_nothing(client: InProcess, shop: Shop) -> None:
    assert client.call("health.get", shop.key).status == 403
    assert client.call("health.get").status == 401


def test_what_is_well_is_told(client: InProcess, admin: Shop) -> None:
    assert check(client, admin, "Jobs") == ("ok", "No job waits that could go on")
    assert check(client, admin, "Mails")[0] == "unknown"
    assert "; tables as of 0" in check(client, admin, "Versions")[1]
    assert check(client, admin, "Writers")[0] == "ok"
    assert check(client, admin, "RateLimits")[0] == "ok"
    assert check(client, admin, "Workers") == ("unknown", "No Tracker that serves is seen from here")


def test_workers_that_are_gone_and_writes_that_wait_are_told(
    client: InProcess, admin: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, live = client.services.metrics.totals(), LiveWorker(0, 3, 30, 2, False, 0)
    told = slow._replace(workers=[live], asked=2)
    monkeypatch.setattr(type(client.services.metrics), "seen", lambda _: told)
    assert check(client, admin, "Workers")[0] == "warn"
    state, detail = check(client, admin, "Queue")
    assert (state, detail) == ("ok", "3 requests with 30 rows wait to be written, 2 are being written")
    told = told._replace(slow_at=time.time_ns() // 1_000_000)
    assert check(client, admin, "Queue")[0] == "warn"
    told = told._replace(workers=[live._replace(waiting_rows=10_000)])
    assert check(client, admin, "Queue")[0] == "bad"
    told = told._replace(workers=[])
    assert check(client, admin, "Workers")[0] == "bad"


def test_a_job_that_does_not_go_on_is_told(client: InProcess, admin: Shop) -> None:
    job = Job(admin.list_id, 7, "forget", 1, {}, 0, created_at=1, updated_at=1)
    client.services.storage.write(partial(job_queue.add, job=job, claim=None, due_at=1))
    state, detail = check(client, admin, "Jobs")
    client.services.storage.write(lambda t: t.execute("DELETE FROM jobs WHERE id = 7"))
    assert state == "warn"
    assert detail.startswith("1 have not gone on for 10 minutes (forget)")


def test_a_mail_that_failed_is_told(new_client: NewClient) -> None:
    client = new_client({"TRACKER_SMTP_URL": "smtp://127.0.0.1:1", "TRACKER_MAIL_FROM": "a@example.com"})
    admin = client.open_shop("admin@example.com", "*,Administrator", is_admin=True)
    assert check(client, admin, "Mails") == ("ok", "None was accepted yet")
    columns = (
        "list_id", "alert_id", "address_key", "address", "place", "period", "state", "tried_at", "again_at", "failure", "is_unsubscribed",
    )  # fmt: skip
    rows = [
        (1, 1, b"a@x.de", b"a@x.de", 0, 0, 4, 5, 0, b"no route", 0),
        (1, 1, b"b@x.de", b"b@x.de", 1, 0, 2, 9, 0, None, 0),
    ]
    client.services.storage.write(lambda t: t.insert("alert_recipients", columns, rows))
    state, detail = check(client, admin, "Mails")
    assert state == "warn"
    assert detail.endswith("To 1 of 2 addresses the last one failed: no route")


def test_without_a_folder_backups_are_asked_for(client: InProcess, admin: Shop) -> None:
    state, _ = check(client, admin, "Backup")
    assert state == ("unknown" if client.services.storage.engine.is_remote else "warn")
