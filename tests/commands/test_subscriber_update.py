"""`subscriber.update`: what is sent is changed, what is not stays."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.served import StartTracker, make_account
from tests.servers import NewDatabase
from tests.subscriber_calls import Call, described, made

#: Calls at once, and worker processes that take them.
CALLS, WORKERS = 24, 3


def test_what_is_not_sent_stays(call: Call) -> None:
    number = made(call, EmailAddress="a@example.com", ExternalID="a")
    before = described(call, SubscriberID=number)
    assert call("update", SubscriberID=number).body == {
        "Success": True, "ErrorCode": 0, "ErrorText": "", "SubscriberID": number,
    }  # fmt: skip
    assert described(call, SubscriberID=number) == before


def test_what_does_not_say_who_is_changed(call: Call) -> None:
    number = made(call, EmailAddress="a@example.com")
    call("update", SubscriberID=number, EmailAddress="New@example.com", ExternalID="new")
    assert described(call, SubscriberID=number)["EmailAddress"] == "New@example.com"
    assert call("get", EmailAddress="a@example.com").codes == [3]
    call("update", EmailAddress="new@example.com", ExternalID="newer")
    assert described(call, ExternalID="newer")["SubscriberID"] == number
    call("update", EmailAddress="new@example.com", ExternalID="newer")
    call("update", SubscriberID=number, EmailAddress="NEW@example.com")
    assert described(call, ExternalID="newer")["EmailAddress"] == "NEW@example.com"


def test_an_external_id_can_be_taken_away_while_an_address_is_left(call: Call) -> None:
    made(call, EmailAddress="a@example.com", ExternalID="a")
    call("update", EmailAddress="a@example.com", ExternalID="")
    assert described(call, EmailAddress="a@example.com")["ExternalID"] is None
    number = made(call, ExternalID="b")
    assert call("update", SubscriberID=number, ExternalID="").codes == [11]
    assert described(call, SubscriberID=number)["ExternalID"] == "b"
    assert call("update", SubscriberID=number, ExternalID="", EmailAddress="b@example.com").status == 200
    assert described(call, SubscriberID=number)["ExternalID"] is None


def test_a_subscriber_is_left_out_of_reports_until_that_is_taken_back(call: Call) -> None:
    number = made(call, EmailAddress="a@example.com")
    assert described(call, SubscriberID=number)["IsLeftOut"] is False
    for sent, said in ((True, True), ("0", False), (1, True), (None, True), ("false", False)):
        asked = {} if sent is None else {"IsLeftOut": sent}
        assert call("update", SubscriberID=number, **asked).status == 200
        assert described(call, SubscriberID=number)["IsLeftOut"] is said
    for wrong in ("maybe", 2, "", [True]):
        assert call("update", SubscriberID=number, IsLeftOut=wrong).codes == [12]


@pytest.fixture(scope="module")
def workers(start_tracker: StartTracker, database_kind: str, new_database: NewDatabase) -> Any:
    """Tracker with several worker processes, and an account on it."""
    tracker = start_tracker(database_url=new_database(database_kind), workers=WORKERS)
    return tracker, make_account(tracker, f"owner-{database_kind}@example.com", "*")


def test_of_changes_to_the_same_address_at_once_one_wins(workers: Any) -> None:
    tracker, account = workers
    numbers = [
        tracker.call("subscriber.create", account.key, ListID=account.list_id, ExternalID=f"c-{n}").body[
            "SubscriberID"
        ]
        for n in range(CALLS)
    ]

    def update(number: str) -> Any:
        sent = {"ListID": account.list_id, "SubscriberID": number, "EmailAddress": "same@example.com"}
        answer = tracker.call("subscriber.update", account.key, **sent)
        return answer.body.get("Errors", [{"Code": answer.status}])[0]["Code"]

    with ThreadPoolExecutor(CALLS) as pool:
        assert Counter(pool.map(update, numbers)) == {200: 1, 8: CALLS - 1}
