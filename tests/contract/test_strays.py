"""What if a value comes under the number of somebody who is gone? It goes too, and holds up nothing."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.client import InProcess, Shop, Track
from tracker.cli.database import check
from tracker.privacy import erasure_check
from tracker.storage import job_queue
from tracker.storage.engine.transaction import Transaction
from tracker.storage.subscribers.erasure_rows import FORGET

JANE, JOHN = "jane@example.com", "john@example.com"
#: Tables of a person's rows, and what stands in one of them beside (list_id, subscriber_id).
ROWS = {
    "subscriber_fields": (("field_id", "value", "updated_at"), (1, b"1", 0)),
    "subscriber_hashes": (("email_hash", "form"), (bytes(32), 0)),
}


def slip_in(transaction: Transaction, list_id: int, subscriber_id: int) -> None:
    """What another node, or a write that was under way, may leave under a person's number."""
    for table, (columns, values) in ROWS.items():
        row = (list_id, subscriber_id, *values)
        transaction.insert(table, ("list_id", "subscriber_id", *columns), [row])


def left(client: InProcess, shop: Shop, subscriber_id: int) -> list[int]:
    who = (shop.list_id, subscriber_id)
    count = "SELECT COUNT(*) FROM {} WHERE list_id = ? AND subscriber_id = ?"
    return [client.rows(count.format(table), *who)[0][0] for table in ROWS]


def subscriber(client: InProcess, shop: Shop, track: Track, email: str) -> int:
    assert track(Email=email).status == 200
    answer = client.call("subscriber.get", shop.key, ListID=shop.list_id, EmailAddress=email)
    return int(answer.body["SubscriberInformation"]["SubscriberID"])


def forget(client: InProcess, shop: Shop, email: str) -> dict[str, Any]:
    answer = client.call("subscriber.forget", shop.key, ListID=shop.list_id, EmailAddress=email)
    assert answer.status == 200, answer.body
    return dict(answer.body)


def slip_in_at_looks(monkeypatch: pytest.MonkeyPatch, subscriber_id: int, times: int) -> None:
    """Each of the first `times` proofs for this person finds rows that came just before it."""
    look, number = erasure_check.verify_erased, itertools.count(1)

    def slip_and_look(transaction: Transaction, list_id: int, who: int) -> dict[str, int]:
        if who == subscriber_id and next(number) <= times:
            slip_in(transaction, list_id, who)
        return look(transaction, list_id, who)

    monkeypatch.setattr(erasure_check, "verify_erased", slip_and_look)


def test_what_comes_while_somebody_is_forgotten_goes_too(
    client: InProcess, shop: Shop, track: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    jane = subscriber(client, shop, track, JANE)
    slip_in_at_looks(monkeypatch, jane, times=1)
    told = forget(client, shop, JANE)
    assert told["Status"] == "finished"
    assert {row["Check"]: row["Found"] for row in told["Checks"]} == dict.fromkeys(
        [*erasure_check.CHECKS, "timeline.events", "timeline.conversions"], 0
    )
    removed = {row["Table"]: row["Rows"] for row in told["Removed"]}
    assert removed["subscriber_fields"] == 1
    assert removed["subscriber_hashes"] > 1
    assert left(client, shop, jane) == [0, 0]


def test_what_comes_again_and_again_holds_up_no_other_job(
    client: InProcess, shop: Shop, track: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    jane, _ = (subscriber(client, shop, track, email) for email in (JANE, JOHN))
    slip_in_at_looks(monkeypatch, jane, times=1_000_000)
    assert forget(client, shop, JANE)["Status"] == "running"
    assert forget(client, shop, JOHN)["Status"] == "finished"
    find = lambda t: job_queue.find(t, shop.list_id, FORGET, jane)  # noqa: E731
    job = client.services.storage.read(find)
    assert job.state["rounds"] == 3
    due = client.rows("SELECT due_at FROM jobs WHERE list_id = ? AND id = ?", shop.list_id, job.id)[0][0]
    assert due > job.updated_at + 30_000, "it is tried again, later"
    monkeypatch.undo()
    claimed = client.services.jobs.claim(job)
    while claimed.is_open:
        claimed.step()
    assert claimed.job.finished_at is not None
    assert left(client, shop, jane) == [0, 0]


def test_rows_of_nobody_are_found_and_removed(
    client: InProcess, shop: Shop, track: Track, capsys: pytest.CaptureFixture[str]
) -> None:
    jane, john = (subscriber(client, shop, track, email) for email in (JANE, JOHN))
    deleted = client.call("subscriber.delete", shop.key, ListID=shop.list_id, EmailAddress=JANE)
    assert deleted.status == 200
    database = client.services.storage
    database.write(lambda transaction: slip_in(transaction, shop.list_id, jane))
    kept = left(client, shop, john)
    assert not check(database, is_repairing=False)
    said = capsys.readouterr().out
    assert (
        "values of custom fields of 1 who are no subscribers: stored 1 row(s), there should be none" in said
    )
    assert "hashes of addresses of 1 who are no subscribers: stored 1 row(s)" in said
    assert check(database, is_repairing=True)
    assert left(client, shop, jane) == [0, 0]
    assert left(client, shop, john) == kept
    assert check(database, is_repairing=False)
