"""Whom do tests of the pages about people look at? Somebody whose browser was anonymous before it named them."""

from __future__ import annotations

import itertools
from typing import Any
from uuid import uuid4

from tests.served import Account, Tracker

_numbers = itertools.count(1)


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
    }


def track(tracker: Tracker, account: Account, **event: Any) -> None:
    answer = tracker.call("event.track", account.key, **{"ListID": account.list_id, **event})
    assert answer.status == 200, answer.text
