"""Whom do tests of the pages about people look at? Somebody whose browser was anonymous before it named them."""

from __future__ import annotations

import itertools
import time
from typing import Any
from uuid import uuid4

from tests.served import Account, Tracker
from tracker.storage import rejections
from tracker.storage.rejections import HOUR_MS, Refusals, RefusedBody, rejection_id
from tracker.storage.schema import own_database
from tracker.storage.triggers import NEVER, DeliveryState

_numbers, _bodies = itertools.count(1), itertools.count(1)


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
    mailed = {"Overview": True, "Every": "day", "To": [email]}
    schedule = tracker.ok("schedule.create", account.key, ListID=account.list_id, **mailed)
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
    watched = {"Kind": "silence", "Event": "never", "To": [email]}
    alert = tracker.ok("alert.create", account.key, ListID=account.list_id, Name=f"Alert {email}", **watched)
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
        "schedule_id": schedule["ScheduleID"],
        "annotation_id": note["AnnotationID"],
        "segment_id": segment["SegmentID"],
        "trigger_id": trigger["TriggerID"],
        "alert_id": alert["AlertID"],
        "delivery_id": _accepted(
            tracker, account.list_id, trigger["TriggerID"], int(told["Links"][0]["EventID"])
        ),
        **refused(tracker, account, email),
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


def refused(tracker: Tracker, account: Account, email: str) -> dict[str, Any]:
    """A rejection of the list with a body, written at once: Tracker itself takes two seconds."""
    at = time.time_ns() // 1_000_000
    kept = RefusedBody(
        next(_bodies),
        at,
        f"of-{email.split('@')[0]}",
        False,
        b'{"Door":"event.track","UserAgent":"","Sent":{}}',
    )
    noticed = Refusals(
        b'[{"Code":7,"Message":"Invalid email parameter"}]', at, at, {at // HOUR_MS: 1}, [kept]
    )
    database = own_database(tracker.database_url)
    group = (account.list_id, "7", f"origin https://{email.replace('@', '.')}")
    database.write(lambda transaction: rejections.add(transaction, {group: noticed}))
    database.close()
    return {"rejection_id": rejection_id(*group[1:]), "body_id": kept.id}


def track(tracker: Tracker, account: Account, **event: Any) -> None:
    answer = tracker.call("event.track", account.key, **{"ListID": account.list_id, **event})
    assert answer.status == 200, answer.text
