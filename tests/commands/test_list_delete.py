"""`list.delete`: nobody finds the list from then on, and no table has a row of it in the end."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import pytest

from tests.client import InProcess, Shop, Track
from tracker.integrity.counter_check import recount
from tracker.privacy import list_deletion
from tracker.storage import job_queue
from tracker.storage.engine import Transaction
from tracker.storage.job_queue import Job

NAME = "Fresh"
#: The tables that there really are, with a column that names a list: in a file, and on a server.
WITH_LISTS = {
    False: (
        "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c"
        " WHERE m.type = 'table' AND c.name = 'list_id'"
    ),
    True: (
        "SELECT table_name FROM information_schema.columns"
        " WHERE table_schema = DATABASE() AND column_name = 'list_id'"
    ),
}

#: A shared overview asks for reports when it is made.
ASKS_REPORTS = pytest.mark.processes


@pytest.fixture
def filled(client: InProcess, shop: Shop, track: Track) -> Shop:
    """The list with rows in as many tables as calls can fill."""
    return fill(client, shop)


def fill(client: InProcess, shop: Shop) -> Shop:
    about = {"ListID": shop.list_id}
    for email in ("a@example.com", "b@example.com"):
        for event in ("seen", "ux_test"):
            client.ok("event.track", shop.key, **about, Event=event, Email=email, Properties={"n": 1})
    order = {"conversion-name": "Order", "conversion-value": 5, "conversion-id": "1"}
    client.ok(
        "event.track",
        shop.key,
        **about,
        Event="conversion",
        Email="a@example.com",
        Properties=order,
        EventID="e",
    )
    client.ok(
        "customfield.create", shop.key, SubscriberListID=shop.list_id, FieldName="Plan", MergeTagAlias="plan"
    )
    client.ok(
        "subscriber.update", shop.key, **about, EmailAddress="a@example.com", CustomFields={"plan": "free"}
    )
    client.ok("goal.create", shop.key, **about, Name="Goal", Event="seen")
    client.ok("annotation.create", shop.key, **about, Text="Release")
    client.ok("event.hide", shop.key, **about, Event="seen")
    rule = [{"Of": "person", "Event": "seen", "Is": "happened"}]
    client.ok("segment.create", shop.key, **about, Name="Seen", Rule=rule)
    client.ok("share.create", shop.key, **about, Overview=True)
    client.ok("list.update", shop.key, **about, Timezone="Europe/Berlin", RetentionDays=30)
    client.ok("events.delete", shop.key, **about, Event="ux_test")
    client.ok("subscriber.forget", shop.key, **about, EmailAddress="b@example.com")
    client.services.ingest.flush()
    return shop


def _text(name: str | bytes) -> str:
    return name if isinstance(name, str) else name.decode()


def rows_of(client: InProcess, list_id: int) -> dict[str, int]:
    """How many rows of the list each table has, of those that have some."""
    is_remote = client.services.storage.read(lambda transaction: transaction.engine.is_remote)
    names = [_text(name) for (name,) in client.rows(WITH_LISTS[is_remote])]
    keys = {"lists": "id"} | dict.fromkeys(names, "list_id")
    found = {
        name: client.rows(f"SELECT COUNT(*) FROM {name} WHERE {key} = ?", list_id)[0][0]
        for name, key in keys.items()
    }
    return {name: count for name, count in found.items() if count}


def finish(client: InProcess, list_id: int) -> None:
    """Do what is left of the deletion, as if the time had passed in which other processes know the list."""
    now = time.time_ns() // 1_000_000 + 60_000

    def one(transaction: Transaction) -> bool:
        job = job_queue.find(transaction, list_id, list_deletion.DELETE_LIST, list_deletion.NO_SUBJECT)
        if job is None:
            return False
        done = list_deletion.step(transaction, job, now, 2)
        assert done.rows <= 3, "a step is bounded"
        values = {name: getattr(job, name) for name in Job.__slots__} | {"state": done.state}
        job_queue.keep(transaction, Job(**values), now + 60_000, is_claimed=True)
        return True

    while client.services.storage.write(one):
        pass


@pytest.mark.parametrize(
    ("params", "codes"),
    [
        ({"ListID": None}, [1]),
        ({"ListID": "x"}, [2]),
        ({"ListID": 999_999_999}, [3]),
        ({"Name": None}, [4]),
        ({"Name": ""}, [5]),
        ({"Name": "x" * 251}, [5]),
        ({"Name": "fresh"}, [6]),
        ({"Name": " Fresh"}, [6]),
    ],
)
def test_what_is_refused_deletes_nothing(
    client: InProcess, shop: Shop, params: dict[str, Any], codes: list[int]
) -> None:
    sent = {"ListID": shop.list_id, "Name": NAME, **params}
    sent = {name: value for name, value in sent.items() if value is not None}
    assert client.call("list.delete", shop.key, **sent).refusal == (422, codes)
    assert client.ok("list.get", shop.key, ListID=shop.list_id)["List"]["Name"] == NAME


@ASKS_REPORTS
def test_nobody_finds_the_list_from_then_on(client: InProcess, filled: Shop) -> None:
    described = client.ok("list.get", filled.key, ListID=filled.list_id)["List"]
    client.ok("list.delete", filled.key, ListID=filled.list_id, Name=NAME)
    for command, params in (
        ("list.get", {}),
        ("list.delete", {"Name": NAME}),
        ("goals.get", {}),
        ("shares.get", {}),
        ("website_events.properties", {}),
    ):
        assert client.call(command, filled.key, ListID=filled.list_id, **params).codes == [3]
    refused = client.call("event.track", filled.key, ListID=filled.list_id, Event="seen")
    assert refused.codes == [4]
    assert filled.list_id not in [each["ListID"] for each in client.ok("lists.get", filled.key)["Lists"]]
    public = {"EventListTrackerID": described["EventListTrackerID"], "Event": "seen"}
    assert client.call("event.collect", None, **public).status != 200
    log = client.ok("audit.get", filled.key, RecordsPerRequest=1)["Entries"][0]
    assert (log["Action"], log["Object"]) == ("list.delete", f"list:{filled.list_id}")


@ASKS_REPORTS
def test_no_table_has_a_row_in_the_end(client: InProcess, filled: Shop) -> None:
    before = rows_of(client, filled.list_id)
    assert len(before) >= 20, before
    other = fill(client, client.open_shop(f"other{filled.list_id}@example.com", list_name="Other"))
    kept = rows_of(client, other.list_id)
    client.ok("list.delete", filled.key, ListID=filled.list_id, Name=NAME)
    finish(client, filled.list_id)
    assert rows_of(client, filled.list_id) == {}
    assert rows_of(client, other.list_id) == kept
    assert recount(client.services.storage, other.list_id).differences == []


@ASKS_REPORTS
def test_what_comes_late_goes_too(client: InProcess, filled: Shop) -> None:
    """A process that knows the list still takes an event after the first round."""
    client.ok("list.delete", filled.key, ListID=filled.list_id, Name=NAME)
    row = (filled.list_id, b"late", 0, 0, 1)
    columns = ("list_id", "name", "bucket", "slot", "events")
    client.services.storage.write(lambda transaction: transaction.insert("event_counts", columns, [row]))
    finish(client, filled.list_id)
    assert rows_of(client, filled.list_id) == {}


def test_another_users_list_stays(client: InProcess, shop: Shop) -> None:
    stranger = client.open_shop(f"thief{shop.list_id}@example.com")
    assert client.call("list.delete", stranger.key, ListID=shop.list_id, Name=NAME).codes == [3]
    assert client.ok("list.get", shop.key, ListID=shop.list_id)["List"]["Name"] == NAME


def test_a_list_that_no_call_has_given_up_stays(client: InProcess, shop: Shop) -> None:
    """As after a kill between the two transactions of the call: the job is there, and the list is its owner's."""
    services, about = client.services, (shop.list_id, list_deletion.DELETE_LIST, list_deletion.NO_SUBJECT)
    now = time.time_ns() // 1_000_000
    prepare = partial(list_deletion.begin, list_id=shop.list_id, now=now)
    services.jobs.begin(*about, prepare, None)
    late = now + list_deletion.GIVEN_UP_MS

    def go_on(transaction: Transaction) -> bool:
        [job] = job_queue.of_kind(transaction, shop.list_id, list_deletion.DELETE_LIST)
        return list_deletion.step(transaction, job, late, 100).is_finished

    assert services.storage.write(go_on)
    assert services.jobs.find(*about) is None
    assert client.ok("list.get", shop.key, ListID=shop.list_id)["List"]["Name"] == NAME
    client.ok("list.delete", shop.key, ListID=shop.list_id, Name=NAME)
    assert client.call("list.get", shop.key, ListID=shop.list_id).codes == [3]
