"""Whom do tests of the pages about people look at? Somebody whose browser was anonymous before it named them."""

from __future__ import annotations

import itertools
from typing import Any
from uuid import uuid4

from tests.served import Account, Tracker
from tracker.storage.schema import own_database
from tracker.storage.triggers import NEVER, DeliveryState

_numbers = itertools.count(1)


#: A target that may be called and is not: no such event comes.
TOLD = {"Event": "never", "URL": "https://crm.invalid/hook"}


def somebody(tracker: Tracker, account: Account) -> dict[str, Any]:
    """A new person of the account's list, as the parts of paths: what they did is `seen`, then `bought`."""
    uuid, email = str(uuid4()), f"somebody{next(_numbers)}@example.com"
    track(tracker, account, Event="seen", UUID=uuid, Properties={"page": "/"})
    track(tracker, account, Event="bought", UUID=uuid, Email=email)
    goal = tracker.call(
        "goal.create", account.key, ListID=account.list_id, Name=f"Goal of {email}", Event="bought"
    ).body
    saved = {"Name": f"Saved by {email}", "Report": "reports.trend"}
    report = tracker.call("savedreport.create", account.key, ListID=account.list_id, **saved).body
    link = tracker.call("share.create", account.key, ListID=account.list_id, Overview=True).body
    note = tracker.call(
        "annotation.create", account.key, ListID=account.list_id, Text=f"Note of {email}"
    ).body
    rule = [{"Of": "person", "Event": "bought", "Is": "happened"}]
    segment = tracker.call(
        "segment.create", account.key, ListID=account.list_id, Name=f"Segment of {email}", Rule=rule
    ).body
    trigger = tracker.ok(
        "trigger.create", account.key, ListID=account.list_id, Name=f"Told of {email}", **TOLD
    )
    told = tracker.call("subscriber.explain", account.key, ListID=account.list_id, EmailAddress=email).body
    return {
        "subscriber_id": told["SubscriberID"],
        "email": email,
        "uuid": uuid,
        "span": told["Links"][0]["Span"],
        "event_id": told["Links"][0]["EventID"],
        "goal_id": goal["GoalID"],
        "saved_report_id": report["SavedReportID"],
        "share_id": link["ShareID"],
        "annotation_id": note["AnnotationID"],
        "segment_id": segment["SegmentID"],
        "trigger_id": trigger["TriggerID"],
        "delivery_id": _accepted(
            tracker, account.list_id, trigger["TriggerID"], int(told["Links"][0]["EventID"])
        ),
    }


def _accepted(tracker: Tracker, list_id: int, trigger_id: int, event_id: int) -> int:
    """A delivery that was accepted: its number is that of the event."""
    made = (list_id, event_id, trigger_id, event_id, 1, int(DeliveryState.ACCEPTED), NEVER, 1, 0, b"{}")
    columns = "list_id id trigger_id event_id lane state due_at attempts created_at body"
    database = own_database(tracker.database_url)
    try:
        database.write(lambda transaction: transaction.insert("deliveries", columns.split(), [made]))
    finally:
        database.close()
    return event_id


def track(tracker: Tracker, account: Account, **event: Any) -> None:
    answer = tracker.call("event.track", account.key, **{"ListID": account.list_id, **event})
    assert answer.status == 200, answer.text
