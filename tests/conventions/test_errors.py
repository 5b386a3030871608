"""Is every declared error code raised by a call? A new row of a command needs a line in this table."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.client import HIGH_LIMITS, InProcess, Shop
from tests.commands.alerts import fill_with_alerts
from tests.commands.questions import HEADED, WITHOUT_EVENT
from tests.commands.segments import make_segment
from tests.commands.triggers import PUBLIC_URL, add_deliveries, fill_with_triggers, make_trigger
from tests.contract.objects import refused
from tests.fuzz.exemptions import OF_EVENTS
from tracker import Tile
from tracker.analytics.reports_client import ReportsClient
from tracker.api.alert_params import NOT_INSTALLED
from tracker.api.report_params import TOO_LARGE, TOO_SLOW
from tracker.api.segment_params import INVALID_RULE
from tracker.api.trigger_params import NOTHING_JUDGES
from tracker.errors import COMMON, Error
from tracker.live.hub import MAX_FOLLOWERS_PER_USER
from tracker.plugins import load_commands
from tracker.privacy.named_deletion import MAX_RUNNING
from tracker.storage import job_queue
from tracker.storage.accounts import (
    MAX_ANNOTATIONS,
    MAX_GOALS,
    MAX_NOTED,
    MAX_PINNED,
    MAX_SAVED_REPORTS,
    MAX_SCHEDULES,
    MAX_SEGMENTS,
)
from tracker.storage.accounts.sessions import Sessions
from tracker.storage.job_queue import Job

ORDER = {"conversion-id": "o-1", "conversion-name": "Order", "conversion-value": 9.5}
LONG = "x" * 1001
LOGIN = {"Username": "jane@example.com", "Password": "x"}

#: What `shop` puts in: a list with two subscribers and two fields, one with as many fields as may be, and the person
#: without address.
SHOP, FULL, NOBODY = "the shop", "the full list", "the person without address"
#: The shop, which as many follow as may.
CROWDED = "the crowded shop"
NAMED: dict[int, dict[str, Any]] = {
    1: {"ListID": SHOP},
    2: {"EmailAddress": "a@example.com"},
    3: {"ListID": SHOP, "EmailAddress": "nobody@example.com"},
    4: {"ListID": 10**6, "EmailAddress": "a@example.com"},
    5: {"ListID": SHOP, "EmailAddress": "x"},
    6: {"ListID": SHOP, "SubscriberID": "x"},
    7: {"ListID": SHOP, "ExternalID": "null"},
}
THEIRS = {"ListID": SHOP, "EmailAddress": "a@example.com"}
#: The goal of the shop.
REACHED = "the goal of the shop"
#: The segment of the shop that another is made of, and that other.
BUYERS, REGULARS = "the buyers of the shop", "the regulars of the shop"
RULE = [{"Of": "person", "Event": "x", "Is": "happened"}]
#: A trigger of the shop that is paused, its delivery, and conditions, for which there is no engine.
TELLING, HELD = "the trigger of the shop", "a delivery of a paused trigger"
WATCHING = "the trigger on a segment of the shop"
JUDGED = [{"Of": "event", "Property": "x", "Is": "is set"}]
#: A rejection of the shop's inbox, and a body in it.
REFUSED, KEPT = "the rejection of the shop", "the body of the shop"
#: Rows that only a question which is too much for the engine shows, and what the engine answers then.
TROUBLE = {TOO_LARGE: "too_large", TOO_SLOW: "timeout", INVALID_RULE: "bad_regex"}
#: How the commands that take the head of reports refuse it.
HEAD: dict[int, dict[str, Any]] = {
    1: {"ListID": ...},
    2: {"ListID": "x"},
    3: {"ListID": 10**6},
    4: {"From": "x"},
    5: {"To": "x"},
    6: {"Compare": "x"},
    7: {"MatchWeekday": "x"},
    8: {"Where": "x"},
    9: {"GoalID": "x"},
    10: {"GoalID": 10**6},
    11: {"Format": "x"},
    12: {},
    13: {},
    14: {"SegmentID": "x"},
    15: {"SegmentID": 10**6},
    20: {"Event": ""},
}
#: Rows of some of them, and of some commands about goals.
MEASURED = {21: {"Measures": "x"}}
PAGED = {24: {"Limit": 0}, 25: {"Cursor": "x"}}
BY = {22: {"By": "visit:"}, 26: {"By": ...}}
OF_GOALS: dict[str, dict[int, dict[str, Any]]] = {
    "goal.create": {
        4: {"Name": " "}, 5: {"Event": ""}, 6: {"Where": "x"}, 7: {"Name": "TAKEN"}, 8: {"ListID": FULL}, 11: {"Name": ...},
        12: {"Event": ...},
    },
    "goal.update": {
        4: {"Name": " "}, 5: {"Event": ""}, 6: {"Where": "x"}, 7: {"Name": "other"}, 9: {"GoalID": "x"}, 10: {"GoalID": 10**6},
        13: {"GoalID": ...},
    },
    "goal.delete": {9: {"GoalID": "x"}, 10: {"GoalID": 10**6}, 13: {"GoalID": ...}},
    "goals.get": {14: {"WithCounts": "x"}},
}  # fmt: skip
#: Rows of the commands about saved reports, annotations and share links, and what each needs beside the list.
SAVED, LINKED, NOTED, MAILED = (
    "the saved report of the shop",
    "the share link of the shop",
    "the annotation of the shop",
    "the schedule of the shop",
)
OF_SAVED: dict[str, dict[int, dict[str, Any]]] = {
    "savedreport.create": {
        4: {"Name": " "}, 5: {"Report": "x"}, 6: {"Params": {"From": 5}}, 7: {"Name": "TAKEN"}, 8: {"ListID": FULL}, 11: {"Name": ...},
        12: {"Report": ...}, 14: {"IsPinned": "x"}, 15: {"IsPinned": True},
    },
    "savedreport.update": {
        4: {"Name": " "}, 5: {"Report": "x"}, 6: {"Params": {"From": 5}}, 7: {"Name": "other"}, 9: {"SavedReportID": "x"},
        10: {"SavedReportID": 10**6}, 13: {"SavedReportID": ...}, 14: {"IsPinned": "x"}, 15: {"IsPinned": True},
    },
    "savedreport.delete": {9: {"SavedReportID": "x"}, 10: {"SavedReportID": 10**6}, 13: {"SavedReportID": ...}},
    "savedreports.get": {},
    "annotation.create": {6: {"At": "x"}, 7: {"Text": " "}, 8: {"Url": "x"}, 11: {"ListID": FULL}, 12: {"Text": ...}},
    "annotation.update": {
        6: {"At": "x"}, 7: {"Text": " "}, 8: {"Url": "x"}, 9: {"AnnotationID": "x"}, 10: {"AnnotationID": 10**6},
        13: {"AnnotationID": ...},
    },
    "annotation.delete": {9: {"AnnotationID": "x"}, 10: {"AnnotationID": 10**6}, 13: {"AnnotationID": ...}},
    "annotations.get": {4: {"From": "x"}, 5: {"To": "x"}},
    "share.create": {
        4: {"SavedReportID": "x"}, 5: {"SavedReportID": 10**6}, 6: {"Overview": "x"}, 7: {"SavedReportID": ...}, 8: {"Where": "x"},
        11: {"Until": "2020-01-01"}, 12: {"FrameOrigins": "x"}, 13: {"Password": "x"},
        14: {"ListID": FULL, "SavedReportID": ..., "Overview": True}, 15: {"SavedReportID": "the broken report"},
    },
    "share.revoke": {9: {"ShareID": "x"}, 10: {"ShareID": 10**6}, 16: {"ShareID": ...}},
    "shares.get": {},
    "schedule.create": {
        4: {"SavedReportID": "x"}, 5: {"SavedReportID": 10**6}, 6: {"Overview": "x"}, 7: {"SavedReportID": ...}, 8: {"Every": "x"},
        11: {"At": 24}, 12: {"To": []}, 13: {"Format": "x"}, 14: {"ListID": FULL, "SavedReportID": ..., "Overview": True},
        15: {"SavedReportID": "the broken report"}, 17: {"Every": ...}, 18: {"To": ...},
    },
    "schedule.update": {
        8: {"Every": "x"}, 9: {"ScheduleID": "x"}, 10: {"ScheduleID": 10**6}, 11: {"At": 24}, 12: {"To": []}, 13: {"Format": "x"},
        16: {"ScheduleID": ...},
    },
    "schedule.delete": {9: {"ScheduleID": "x"}, 10: {"ScheduleID": 10**6}, 16: {"ScheduleID": ...}},
    "schedules.get": {},
}  # fmt: skip
ABOUT_SAVED: dict[str, dict[str, Any]] = {
    "savedreport.create": {"Name": "x", "Report": "reports.trend"},
    "savedreport.update": {"SavedReportID": SAVED},
    "savedreport.delete": {"SavedReportID": SAVED},
    "annotation.create": {"Text": "x"},
    "annotation.update": {"AnnotationID": NOTED},
    "annotation.delete": {"AnnotationID": NOTED},
    "share.create": {"SavedReportID": SAVED},
    "share.revoke": {"ShareID": LINKED},
    "schedule.create": {"SavedReportID": SAVED, "Every": "day", "To": ["a@example.com"]},
    "schedule.update": {"ScheduleID": MAILED},
    "schedule.delete": {"ScheduleID": MAILED},
}
ABOUT_GOALS = {
    "goal.create": {"Name": "x", "Event": "x"},
    "goal.update": {"GoalID": REACHED},
    "goal.delete": {"GoalID": REACHED},
    "goals.get": {},
}
OF_ONE_SEGMENT = {10: {"SegmentID": ...}, 14: {"SegmentID": "x"}, 15: {"SegmentID": 10**6}}
OF_ASKED = {
    6: {"Rule": "x"}, 9: {"SegmentID": ...}, 12: {}, 13: {}, 14: OF_ONE_SEGMENT[14], 15: OF_ONE_SEGMENT[15],
    16: {"Rule": [{"Segment": REGULARS, "Is": "in"}]},
}  # fmt: skip
OF_SEGMENTS: dict[str, dict[int, dict[str, Any]]] = {
    "segment.create": {
        4: {"Name": " "}, 5: {"Name": ...}, 6: {"Rule": "x"}, 7: {"Name": "BUYERS"}, 8: {"ListID": FULL}, 9: {"Rule": ...},
    },
    "segment.update": {
        **OF_ONE_SEGMENT, 4: {"Name": " "}, 6: {"Rule": "x"}, 7: {"Name": "regulars"}, 16: {"Rule": [{"Segment": REGULARS, "Is": "in"}]},
    },
    "segment.delete": {**OF_ONE_SEGMENT, 17: {}},
    "segment.count": OF_ASKED,
    "segment.people": {
        **OF_ASKED, 11: {"Format": "x"}, 23: {"Sort": "x"}, **PAGED, 27: {"SubscriberIDs": ["x"]}, 28: {"OnlySubscribers": "x"},
    },
    "segments.get": {6: {}, 12: {}, 13: {}, 19: {"WithCounts": "x"}, 27: {"SubscriberID": "x"}, 28: {"SubscriberID": 1}},
}  # fmt: skip
ABOUT_SEGMENTS: dict[str, dict[str, Any]] = {
    "segment.create": {"Name": "x", "Rule": RULE},
    "segments.get": {"WithCounts": True},
    **{name: {"SegmentID": BUYERS} for name in OF_SEGMENTS if name not in ("segment.create", "segments.get")},
}
#: Rows of alerts; `WATCHED` stands for an alert of the shop.
WATCHED = "the alert of the shop"
A_NUMBER = {"Kind": "number", "Event": ..., "Is": "above", "Value": 1}
OF_RULES: dict[int, dict[str, Any]] = {
    4: {"Name": " "}, 5: {"Kind": "x"}, 6: {"Where": "x"}, 7: {"Name": "TAKEN"}, 14: {"Is": "above"},
    15: {"Kind": "refusals", "Event": ...}, 16: {"Hours": 0}, 17: {"Value": "x"}, 18: {**A_NUMBER, "Value": ...}, 19: {"Minimum": -1},
    20: {"Event": ""}, 21: {**A_NUMBER, "Measure": "x"}, 22: {"Kind": "silence", "Event": ...}, 23: {"GoalID": 0}, 24: {"SegmentID": 0},
    25: {"Currency": ""}, 26: {"Measure": "people"}, 27: {**A_NUMBER, "GoalID": 10**6}, 28: {"To": ["x"]}, 29: {"URL": "http://127.0.0.1/"},
    30: {"To": []}, 31: {"IsActive": "x"}, 33: A_NUMBER,
}  # fmt: skip
OF_ONE_ALERT = {9: {"AlertID": "x"}, 10: {"AlertID": 10**6}, 13: {"AlertID": ...}}
OF_ALERTS: dict[str, dict[int, dict[str, Any]]] = {
    "alert.create": {**OF_RULES, 8: {"ListID": FULL}, 11: {"Name": ...}, 12: {"Kind": ...}},
    "alert.update": {
        **OF_RULES, **OF_ONE_ALERT, 14: {"Is": "not seen"}, 15: {"Kind": "number"}, 22: {"Kind": "silence"}, 32: {"NewSecret": "x"},
    },
    "alert.delete": OF_ONE_ALERT,
    "alert.test": OF_ONE_ALERT,
    "alerts.get": {9: OF_ONE_ALERT[9], 10: OF_ONE_ALERT[10]},
}  # fmt: skip
ABOUT_ALERTS: dict[str, dict[str, Any]] = {
    "alert.create": {"Name": "x", "Kind": "silence", "Event": "x", "To": ["a@example.com"]},
    **{name: {"AlertID": WATCHED} for name in ("alert.update", "alert.delete", "alert.test")},
}
OF_TRIGGERS: dict[str, dict[int, dict[str, Any]]] = {
    "trigger.create": {
        4: {"Name": " "}, 5: {"Event": ""}, 6: {"Where": "x"}, 7: {"Name": "TAKEN"}, 8: {"ListID": FULL}, 11: {"Name": ...},
        12: {"Event": ...}, 14: {"SegmentID": "x"}, 15: {"Event": ..., "SegmentID": 10**6}, 16: {"URL": ...},
        17: {"URL": "http://127.0.0.1/"}, 18: {"IsActive": "x"}, 20: {"Where": JUDGED}, 28: {"On": "x"}, 29: {"On": "exit"},
    },
    "trigger.update": {
        4: {"Name": " "}, 5: {"Event": ""}, 6: {"Where": "x"}, 7: {"Name": "other"}, 9: {"TriggerID": "x"},
        10: {"TriggerID": 10**6}, 13: {"TriggerID": ...}, 17: {"URL": "x"}, 18: {"IsActive": "x"}, 19: {"NewSecret": "x"},
        14: {"SegmentID": "x"}, 15: {"TriggerID": WATCHING, "SegmentID": 10**6}, 20: {"Where": JUDGED}, 28: {"On": "x"},
        29: {"On": "exit"},
    },
    "trigger.delete": {9: {"TriggerID": "x"}, 10: {"TriggerID": 10**6}, 13: {"TriggerID": ...}},
    "trigger.test": {9: {"TriggerID": "x"}, 10: {"TriggerID": 10**6}, 13: {"TriggerID": ...}},
    "triggers.get": {},
    "deliveries.get": {
        9: {"TriggerID": "x"}, 10: {"TriggerID": 10**6}, 21: {"DeliveryID": "x"}, 22: {"DeliveryID": 10**6}, 24: {"Status": "x"},
        25: {"Limit": 0}, 26: {"BeforeDeliveryID": "x"},
    },
    "delivery.retry": {21: {"DeliveryID": "x"}, 22: {"DeliveryID": 10**6}, 23: {"DeliveryID": ...}, 27: {"DeliveryID": HELD}},
}  # fmt: skip
ABOUT_TRIGGERS: dict[str, dict[str, Any]] = {
    "trigger.create": {"Name": "x", "Event": "x", "URL": PUBLIC_URL},
    "trigger.update": {"TriggerID": TELLING},
    "trigger.delete": {"TriggerID": TELLING},
    "trigger.test": {"TriggerID": TELLING},
    "triggers.get": {},
    "deliveries.get": {},
    "delivery.retry": {"DeliveryID": 1},
}
OF_REPORTS: dict[str, dict[int, dict[str, Any]]] = {
    "reports.trend": {**MEASURED, 22: BY[22], 30: {"Interval": "x"}, 31: {"Top": 0}},
    "reports.breakdown": {**MEASURED, **BY, 23: {"Sort": "visits"}, **PAGED},
    "reports.people": {
        23: {"Sort": "x"},
        **PAGED,
        27: {"SubscriberIDs": ["x"]},
        28: {"OnlySubscribers": "x"},
        29: {"Measure": "bounces"},
        47: {"Cell": {"Report": "reports.trend"}},
    },
    "reports.values": {**BY, 24: PAGED[24], 30: {"Search": LONG}, 31: {"WithHidden": "x"}},
    "visits.get": PAGED,
    "events.export": {30: {"Properties": [5]}},
    "reports.funnel": {
        22: BY[22],
        30: {"Steps": ...},
        31: {"Steps": ["seen"]},
        32: {"Within": "x"},
        33: {"Order": "x"},
        34: {"Count": "x"},
        35: {"Interval": "x"},
        43: {"Top": 0},
        48: {"Next": "x"},
    },
    "reports.retention": {
        35: {"Interval": "hour"},
        36: {"First": {}},
        37: {"Return": {}},
        38: {"Periods": 0},
    },
    "reports.paths": {
        22: {"By": "visit:x"}, 39: {"Around": ...}, 40: {"Around": {}}, 41: {"Direction": "x"}, 42: {"Depth": 0}, 43: {"Top": 0},
    },
    "reports.attribution": {22: {"By": "x"}, **PAGED, 44: {"Model": "x"}, 45: {"Days": 0}, 46: {"Conversion": {}}},
    "reports.products": {23: {"Sort": "x"}, **PAGED},
}  # fmt: skip


def changed(right: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a right call with a change; `...` takes one away."""
    return {name: value for name, value in {"ListID": SHOP, **right, **change}.items() if value is not ...}


#: How the commands about what a list has received refuse a list.
EVENTS: dict[int, dict[str, Any]] = {
    1: {"WithoutList": False},
    2: {"ListID": "x"},
    3: {"ListID": 10**6},
    4: {"WithoutList": "x"},
    5: {"ListID": SHOP, "WithoutList": True},
}
#: Commands about names, what a right call of each has beside the name, and how they refuse it. The names of the full list
#: are all noted; of the shop's `old` stands for `new`.
FULL_NAMES = {"ListID": FULL, "Event": "one more"}
NAMES: tuple[tuple[str, dict[str, Any], dict[int, dict[str, Any]]], ...] = (
    ("event.alias", {"As": "z"}, {
        7: {"As": ""}, 8: {"As": ...}, 9: {"As": "x"}, 10: {"As": "old"}, 11: {"As": "identify"}, 12: FULL_NAMES,
    }),
    ("event.unalias", {}, {13: {}}),
    ("event.hide", {}, {12: FULL_NAMES, 14: {"IsHidden": "x"}}),
    ("event.describe", {"Description": "y"}, {12: FULL_NAMES, 15: {"Description": 5}, 16: {"Description": ...}}),
    ("event.uses", {}, {}),
)  # fmt: skip
#: A visitor of the list that has been theirs twice.
BROWSER = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
#: (command, code): the parameters of a call that is answered with that code alone.
CALLS: dict[tuple[str, int], dict[str, Any]] = {
    ("customfield.create", 1): {"FieldName": "x"},
    ("customfield.create", 2): {"SubscriberListID": SHOP},
    ("customfield.create", 3): {"SubscriberListID": 10**6, "FieldName": "x"},
    ("customfield.create", 4): {"SubscriberListID": SHOP, "FieldName": " "},
    ("customfield.create", 5): {"SubscriberListID": SHOP, "FieldName": "x", "MergeTagAlias": "a b"},
    ("customfield.create", 6): {"SubscriberListID": SHOP, "FieldName": "x", "DataType": "x"},
    ("customfield.create", 7): {"SubscriberListID": SHOP, "FieldName": "x", "UniqueIdentifier": "x"},
    ("customfield.create", 8): {"SubscriberListID": SHOP, "FieldName": "x", "MergeTagAlias": "number"},
    ("customfield.create", 9): {"SubscriberListID": SHOP, "FieldName": "x", "UniqueIdentifier": True},
    ("customfield.create", 10): {"SubscriberListID": FULL, "FieldName": "x"},
    ("customfield.delete", 1): {"CustomFieldID": 1},
    ("customfield.delete", 2): {"SubscriberListID": SHOP},
    ("customfield.delete", 3): {"SubscriberListID": 10**6, "CustomFieldID": 1},
    ("customfield.delete", 4): {"SubscriberListID": SHOP, "CustomFieldID": "x"},
    ("customfield.delete", 5): {"SubscriberListID": SHOP, "CustomFieldID": 10**6},
    ("customfields.get", 1): {},
    ("customfields.get", 3): {"SubscriberListID": "x"},
    ("apikey.create", 1): {"Permissions": "A B"},
    ("apikey.create", 2): {"Name": LONG},
    ("apikey.create", 3): {"Permissions": "Administrator"},
    ("apikey.revoke", 1): {},
    ("apikey.revoke", 2): {"Prefix": LONG},
    ("apikey.revoke", 3): {"Prefix": "nothing1"},
    ("apikeys.get", 1): {"RecordsPerRequest": -1},
    ("apikeys.get", 2): {"RecordsFrom": "x"},
    ("audit.get", 1): {"RecordsPerRequest": 0},
    ("audit.get", 2): {"BeforeEntryID": "x"},
    ("audit.get", 3): {"Scope": "x"},
    ("audit.get", 4): {"Scope": "All"},
    ("event.batch", 1): {},
    ("event.batch", 2): {"Events": {}},
    ("event.batch", 4): {"Events": [], "ListID": 0},
    ("event.batch", 25): {"Events": [], "EventListTrackerID": "nobody's"},
    ("event.batch", 19): {"Events": [], "SentAt": "yesterday"},
    ("event.track", 4): {"Event": "seen", "ListID": 0},
    ("event.track", 5): {},
    ("event.track", 7): {"Event": "seen", "Email": "nobody"},
    ("event.track", 8): {"Event": "conversion", "Properties": {k: ORDER[k] for k in ORDER if k != "conversion-id"}},
    ("event.track", 9): {"Event": "conversion", "Properties": {k: ORDER[k] for k in ORDER if k != "conversion-name"}},
    ("event.track", 10): {"Event": "conversion", "Properties": {k: ORDER[k] for k in ORDER if k != "conversion-value"}},
    ("event.track", 11): {"Event": LONG},
    ("event.track", 12): {"Event": "seen", "Properties": 5},
    ("event.track", 13): {"Event": "seen", "UUID": "5"},
    ("event.track", 14): {"Event": "seen", "ID": LONG},
    ("event.track", 15): {"Event": "seen", "ID": "undefined"},
    ("event.track", 16): {"Event": "seen", "EventID": "a b"},
    ("event.track", 17): {"Event": "seen", "EventID": "taken"},
    ("event.track", 18): {"Event": "seen", "Timestamp": "1999-12-31T00:00:00Z"},
    ("event.track", 19): {"Event": "seen", "SentAt": "yesterday"},
    ("event.track", 20): {"Event": "conversion", "Properties": {**ORDER, "conversion-value": "much"}},
    ("event.track", 21): {"Event": "seen", "IdentifyProperties": 5},
    ("event.track", 22): {"Event": "conversion", "Properties": {**ORDER, "conversion-id": "undefined"}},
    **{(name, code): {"Event": "seen", "Property": "x", "EventID": 1, **params} for name in OF_EVENTS for code, params in EVENTS.items()},
    ("event.get", 6): {"ListID": SHOP},
    ("event.get", 7): {"ListID": SHOP, "EventID": "x"},
    ("event.get", 8): {"ListID": SHOP, "EventID": 1},
    ("event.get", 9): {"ListID": SHOP, "SentEventID": "x" * 65},
    ("event.get", 10): {"ListID": SHOP, "EventID": 1, "SentEventID": "e-1"},
    ("events.follow", 6): {"ListID": SHOP, "Event": ""},
    ("events.follow", 7): {"ListID": SHOP, "After": "x"},
    ("events.follow", 8): {"ListID": SHOP, "Seconds": 86_401},
    ("events.follow", 9): {"ListID": CROWDED},
    ("events.recent", 6): {"ListID": SHOP, "Event": ""},
    ("events.recent", 7): {"ListID": SHOP, "RecordsPerRequest": 101},
    ("events.recent", 8): {"ListID": SHOP, "Cursor": "x"},
    ("list.create", 1): {},
    ("list.create", 2): {"SubscriberListName": " "},
    ("list.create", 3): {"SubscriberListName": "Shop", "ConversionIdIs": "visit"},
    ("list.get", 1): {},
    ("list.get", 2): {"ListID": "x"},
    ("list.get", 3): {"ListID": 10**6},
    ("list.update", 1): {},
    ("list.update", 2): {"ListID": "x"},
    ("list.update", 3): {"ListID": 10**6},
    ("list.update", 4): {"ListID": SHOP, "SubscriberListName": " "},
    ("list.update", 5): {"ListID": SHOP, "ConversionIdIs": "x"},
    ("list.update", 6): {"ListID": SHOP, "RetentionDays": 3654},
    ("list.update", 7): {"ListID": SHOP, "AllowedOrigins": ["shop.example"]},
    ("list.update", 8): {"ListID": SHOP, "HonourPrivacySignal": "x"},
    ("list.update", 9): {"ListID": SHOP, "KeepAddress": "x"},
    ("list.update", 10): {"ListID": SHOP, "ConversionsNeedKey": "x"},
    ("list.update", 11): {"ListID": SHOP, "HiddenQueryParameters": ["a b"]},
    ("list.update", 12): {"ListID": SHOP, "Timezone": "Mars"},
    ("list.update", 13): {"ListID": SHOP, "Currency": "eur"},
    ("list.update", 14): {"ListID": SHOP, "VisitGapMinutes": 0},
    ("list.update", 18): {"ListID": SHOP, "OwnNetworks": ["x"]},
    ("list.update", 15): {"ListID": SHOP, "ChannelRules": ["x"]},
    ("list.update", 16): {"ListID": SHOP, "Products": {"Seen": "view_item"}},
    ("list.update", 17): {"ListID": SHOP, "KeepRefusedValues": "x"},
    ("lists.get", 1): {"RecordsPerRequest": -1},
    ("lists.get", 2): {"RecordsFrom": "x"},
    ("lists.get", 3): {"OrderField": "x"},
    ("lists.get", 4): {"OrderType": "x"},
    ("lists.get", 5): {"Search": LONG},
    ("subscriber.create", 1): {"ListID": SHOP},
    ("subscriber.create", 2): {"EmailAddress": "b@example.com"},
    ("subscriber.create", 4): {"ListID": 10**6, "EmailAddress": "b@example.com"},
    ("subscriber.create", 5): {"ListID": SHOP, "EmailAddress": "x"},
    ("subscriber.create", 7): {"ListID": SHOP, "ExternalID": "undefined"},
    ("subscriber.create", 8): {"ListID": SHOP, "EmailAddress": "A@example.com"},
    ("subscriber.create", 9): {"ListID": SHOP, "ExternalID": "user-1"},
    ("subscriber.create", 10): {"ListID": SHOP, "EmailAddress": "b@example.com", "CustomFields": {"Number": "x"}},
    ("subscriber.events", 8): {"ListID": SHOP, "UUID": "5"},
    ("subscriber.events", 9): {"ListID": SHOP, "EmailAddress": "a@example.com", "Event": ""},
    ("subscriber.events", 10): {"ListID": SHOP, "EmailAddress": "a@example.com", "From": "yesterday"},
    ("subscriber.events", 11): {"ListID": SHOP, "EmailAddress": "a@example.com", "To": "yesterday"},
    ("subscriber.events", 12): {"ListID": SHOP, "EmailAddress": "a@example.com", "Value": 1},
    ("subscriber.events", 13): {"ListID": SHOP, "EmailAddress": "a@example.com", "Property": LONG},
    ("subscriber.events", 14): {"ListID": SHOP, "EmailAddress": "a@example.com", "Property": "x", "Value": []},
    ("subscriber.events", 15): {"ListID": SHOP, "EmailAddress": "a@example.com", "RecordsPerRequest": 101},
    ("subscriber.events", 16): {"ListID": SHOP, "EmailAddress": "a@example.com", "Cursor": "x"},
    ("subscriber.events", 17): {"ListID": SHOP, "UUID": "7d444840-9dc0-11d1-b245-5ffdce74fad2"},
    **{(f"subscriber.{verb}", code): params for verb in ("delete", "events", "export", "forget", "get", "update") for code, params in NAMED.items()},
    ("subscriber.update", 8): {"ListID": SHOP, "SubscriberID": NOBODY, "EmailAddress": "a@example.com"},
    ("subscriber.update", 9): {"ListID": SHOP, "EmailAddress": "a@example.com", "ExternalID": "user-2"},
    ("subscriber.update", 10): {"ListID": SHOP, "EmailAddress": "a@example.com", "CustomFields": {"Number": "x"}},
    ("subscriber.update", 11): {"ListID": SHOP, "ExternalID": "user-2", "CustomFields": {"Customer": ""}},
    ("subscriber.update", 12): {"ListID": SHOP, "EmailAddress": "a@example.com", "IsLeftOut": "perhaps"},
    **{("subscriber.unmerge", code): {"UUID": BROWSER, **params} for code, params in NAMED.items()},
    **{("subscriber.explain", code): params for code, params in NAMED.items()},
    ("subscriber.explain", 8): {**THEIRS, "RecordsPerRequest": 101},
    ("subscriber.explain", 9): {**THEIRS, "Cursor": "x"},
    ("subscriber.explain", 10): {**THEIRS, "EventID": "x"},
    ("subscriber.explain", 11): {**THEIRS, "EventID": 1},
    ("subscriber.unmerge", 8): THEIRS,
    ("subscriber.unmerge", 9): {**THEIRS, "UUID": "x"},
    ("subscriber.unmerge", 10): {**THEIRS, "UUID": BROWSER, "Span": "x"},
    ("subscriber.unmerge", 11): {**THEIRS, "UUID": "550e8400-e29b-41d4-a716-446655440000"},
    ("subscriber.unmerge", 12): {**THEIRS, "UUID": BROWSER},
    ("subscribers.get", 1): {"ListID": SHOP, "RecordsPerRequest": 501},
    ("subscribers.get", 2): {},
    ("subscribers.get", 3): {"ListID": SHOP, "RecordsFrom": "x"},
    ("subscribers.get", 4): {"ListID": "x"},
    ("subscribers.get", 5): {"ListID": SHOP, "OrderField": "x"},
    ("subscribers.get", 6): {"ListID": SHOP, "OrderType": "x"},
    ("subscribers.get", 7): {"ListID": SHOP, "Search": LONG},
    ("subscribers.get", 8): {"ListID": SHOP, "SearchField": "x"},
    ("subscribers.get", 9): {"ListID": SHOP, "SearchType": "x"},
    ("subscribers.get", 10): {"ListID": SHOP, "OrderField": "EmailAddress", "AfterSubscriberID": 1},
    ("mail.test", 1): {},
    ("mail.test", 2): {"To": "x"},
    ("mail.test", 3): {"To": "a@example.com"},
    ("user.create", 1): {"Password": "x"},
    ("user.create", 2): {"Username": "john@example.com"},
    ("user.create", 3): {"Username": "john", "Password": "x"},
    ("user.create", 4): {"Username": "john@example.com", "Password": 5},
    ("user.create", 5): {"Username": "john@example.com", "Password": "x", "EmailAddress": "jane@example.com"},
    ("user.create", 6): {"Username": "john@example.com", "Password": "x", "Permissions": "A,,B"},
    ("user.create", 7): {"Username": "JANE@example.com", "Password": "x"},
    ("user.login", 1): {"Password": "x"},
    ("user.login", 2): {"Username": "jane@example.com"},
    ("user.login", 3): {"Username": "jane@example.com", "Password": "wrong"},
    ("user.logout", 1): {},
    ("website_events.catalogue", 6): {"ListID": SHOP, "Event": ""},
    ("website_events.catalogue", 7): {"ListID": SHOP, "Search": ""},
    ("website_events.catalogue", 8): {"ListID": SHOP, "AfterEvent": LONG},
    ("website_events.catalogue", 9): {"ListID": SHOP, "RecordsPerRequest": 501},
    ("website_events.properties", 1): {},
    ("website_events.properties", 2): {"ListID": "x"},
    ("website_events.properties", 3): {"ListID": 10**6},
    ("website_events.values", 6): {"ListID": SHOP, "Property": "x"},
    ("website_events.values", 7): {"ListID": SHOP, "Event": "", "Property": "x"},
    ("website_events.values", 8): {"ListID": SHOP, "Event": "seen"},
    **{("website_events.remove", code): {"ListID": SHOP, **sent} for code, sent in {
        6: {"Event": ""}, 7: {"Event": "seen", "Property": LONG}, 8: {"FromBrowsersOnly": "x"}, 9: {"FromBrowsersOnly": True, "SeenAtMost": -1},
        10: {}, 11: {"Event": "never seen"},  # codes 1 to 5 are those of all commands about a list's events
    }.items()},
    ("website_events.values", 9): {"ListID": SHOP, "Event": "seen", "Property": LONG},
    **{("events.delete", code): {"ListID": SHOP, **sent} for code, sent in {
        6: {"Event": ""}, 7: {"Event": "x", "From": "x"}, 8: {"Event": "x", "To": "x"},
        9: {"Event": "x", "From": "2026-01-02", "To": "2026-01-01"}, 10: {"JobID": 0}, 11: {}, 12: {"JobID": 5},
        13: {"ListID": FULL, "Event": "one more"},
    }.items()},
    **{(name, code): changed({"Event": "x", **right}, sent) for name, right, own in NAMES for code, sent in {
        1: {"ListID": ...}, 2: {"ListID": "x"}, 3: {"ListID": 10**6}, 4: {"Event": ""}, 5: {"Event": ..., "Property": ""},
        6: {"Property": "y"}, **own,
    }.items()},
    **{("eventnames.get", code): sent for code, sent in {1: {}, 2: {"ListID": "x"}, 3: {"ListID": 10**6}}.items()},
    ("website_events.catalogue", 11): {"ListID": SHOP, "Sort": "Properties"},
    ("website_events.catalogue", 10): {"ListID": SHOP, "WithHidden": "x"},
    **{("list.delete", code): changed({"Name": "Shop"}, sent) for code, sent in {
        1: {"ListID": ...}, 2: {"ListID": "x"}, 3: {"ListID": 10**6}, 4: {"Name": ...}, 5: {"Name": ""}, 6: {"Name": "Other"},
    }.items()},
}  # fmt: skip

CALLS |= {
    (name, code): changed(ABOUT_GOALS[name], change)
    for name, changes in OF_GOALS.items()
    for code, change in ({code: HEAD[code] for code in (1, 2, 3)} | changes).items()
}
CALLS |= {
    (name, code): changed(ABOUT_SAVED.get(name, {}), change)
    for name, changes in OF_SAVED.items()
    for code, change in ({code: HEAD[code] for code in (1, 2, 3)} | changes).items()
}
CALLS |= {
    (name, code): changed(ABOUT_SEGMENTS[name], change)
    for name, changes in OF_SEGMENTS.items()
    for code, change in ({code: HEAD[code] for code in (1, 2, 3)} | changes).items()
}
CALLS |= {
    (name, code): changed(ABOUT_ALERTS.get(name, {}), change)
    for name, changes in OF_ALERTS.items()
    for code, change in ({code: HEAD[code] for code in (1, 2, 3)} | changes).items()
}
CALLS |= {
    (name, code): changed(ABOUT_TRIGGERS[name], change)
    for name, changes in OF_TRIGGERS.items()
    for code, change in ({code: HEAD[code] for code in (1, 2, 3)} | changes).items()
}
CALLS |= {
    (name, code): changed(HEADED[name], change)
    for name, changes in OF_REPORTS.items()
    for code, change in (HEAD | changes).items()
    if code != 20 or name not in WITHOUT_EVENT
}
CALLS |= {("tiles.get", code): changed({}, HEAD[code]) for code in (1, 2, 3)}
CALLS |= {
    ("tile.get", code): changed({"Tile": "shop.baskets"}, change)
    for code, change in (
        {code: HEAD[code] for code in (1, 2, 3)}
        | {4: {"Tile": ...}, 5: {"Tile": ""}, 6: {"Tile": "shop.nobody"}, 7: {}}
    ).items()
}  # fmt: skip
CALLS |= {
    ("visit.get", code): changed({"EventID": 1}, change)
    for code, change in (
        {code: HEAD[code] for code in (1, 2, 3)} | {4: {"EventID": ...}, 5: {"EventID": "x"}, 6: {}, 13: {}}
    ).items()
}  # fmt: skip

#: The commands of the inbox, and what each needs.
CALLS |= {
    ("setup.check", code): sent
    for code, sent in {
        1: {}, 2: {"ListID": "x"}, 3: {"ListID": 10**6}, 4: {"ListID": SHOP, "Probe": "x"},
        7: {"ListID": SHOP, "AllowedOrigins": ["x"]},
    }.items()
}  # fmt: skip
INBOX: dict[str, dict[str, Any]] = {
    "rejections.get": {},
    "rejection.get": {"RejectionID": REFUSED},
    "rejection.dismiss": {"RejectionID": REFUSED},
    "rejection.replay": {"BodyID": KEPT, "Body": {"Event": "seen"}},
}
for name, needed in INBOX.items():
    rows: dict[int, dict[str, Any]] = {
        1: {"WithoutList": False}, 2: {"ListID": "x"}, 3: {"ListID": 10**6}, 31: {"WithoutList": "x"},
        32: {"ListID": SHOP, "WithoutList": True}, 33: {"OfStrangers": "x"}, 34: {"OfStrangers": True},
    }  # fmt: skip
    if name == "rejection.replay":
        of_body = {
            40: {"BodyID": ...},
            41: {"BodyID": "x"},
            42: {"BodyID": 1},
            43: {"Body": 7},
            44: {"Body": ...},
        }
        rows = {code: sent for code, sent in rows.items() if code < 33}
        rows |= {code: {"ListID": SHOP, **sent} for code, sent in of_body.items()}
        for (command, code), sent in list(CALLS.items()):
            if command == "event.track":
                listed = {"ListID": 10**6} if code == 4 else {}
                own = {key: value for key, value in sent.items() if key != "ListID"}
                rows[code] = {"ListID": SHOP, "Body": {**own, **listed}}
    elif "RejectionID" in needed:
        of_rejection = {37: {"RejectionID": ...}, 38: {"RejectionID": "x"}, 39: {"RejectionID": 1}}
        rows |= {code: {"ListID": SHOP, **sent} for code, sent in of_rejection.items()}
    else:
        rows |= {35: {"ListID": SHOP, "From": "x"}, 36: {"ListID": SHOP, "Reason": 5}}
    CALLS |= {
        (name, code): {key: value for key, value in {**needed, **sent}.items() if value is not ...}
        for code, sent in rows.items()
    }

#: At the collect endpoint the same faults have the same numbers; a list is named by its public id.
CALLS |= {
    ("event.collect", code): sent
    for (name, code), sent in CALLS.items()
    if name == "event.track" and code != 4
}
CALLS["event.collect", 2] = {"Events": {}}
CALLS["event.collect", 23] = {"Event": "seen", "UserAgent": 7}
#: A browser's clock is never at fault: what is no time at all is.
CALLS["event.collect", 18] = {"Event": "seen", "Timestamp": "yesterday"}

#: Which permissions the key of the call has, where it is not one for everything.
KEYS = {("apikey.create", 3): "*", ("audit.get", 4): "*", **{(name, 34): "*" for name in INBOX}}

#: What only storage in trouble or a broken command shows.
BREAKING = '''
from marshmallow import Schema, fields
from tracker import Command, invalid
from tracker.errors import OutcomeUnknown

class Break(Command):
    """Break."""
    name = "system.break"
    permission = None
    errors = (invalid("IsCommitLost", 1),)
    example = ({}, {})

    class Params(Schema):
        IsCommitLost = fields.Boolean()

    def run(self, params):
        raise OutcomeUnknown("the reply to COMMIT was lost") if params else RuntimeError("broken")
'''


class BasketsReport(Tile):
    name = "shop.baskets"
    title = "Baskets"
    chart = "line"
    report = ("reports.trend", {})


@functools.cache
def declared_rows() -> dict[tuple[str, int], Error]:
    return {(entry.command.name, row.code): row for entry in load_commands() for row in entry.command.errors}


def with_numbers(value: Any, shop: dict[str, Any]) -> Any:
    """What is sent, with the numbers that its texts stand for."""
    if isinstance(value, list):
        return [with_numbers(each, shop) for each in value]
    if isinstance(value, dict):
        return {name: with_numbers(each, shop) for name, each in value.items()}
    return shop.get(value, value) if isinstance(value, str) else value


def test_every_declared_code_has_a_call_here() -> None:
    assert set(declared_rows()) == set(CALLS)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    """One Tracker for all calls: what is refused changes nothing."""
    folder = tmp_path_factory.mktemp("errors")
    limits = f"{HIGH_LIMITS},event.collect=1000000/60,event.collect.address=1000000/60"
    settings = {"TRACKER_LIMITS": limits}  # each test sends events of pages, and there are many
    with closing(InProcess(f"sqlite:///{folder / 'tracker.db'}", folder, settings)) as client:
        client.services.registry.add_tile(BasketsReport, "the calls")
        yield client


@pytest.fixture(scope="module")
def jane(client: InProcess) -> Shop:
    """An administrator who may do everything."""
    return client.open_shop("jane@example.com", "*,Administrator", is_admin=True)


@pytest.fixture(scope="module")
def shop(client: InProcess, jane: Shop) -> dict[str, Any]:
    """What stands for SHOP, CROWDED, FULL, NOBODY, REACHED, BUYERS, REGULARS, TELLING, HELD, REFUSED and KEPT."""
    stores = client.services.stores
    shop, full = stores.lists.add(jane.user_id, "Shop"), stores.lists.add(jane.user_id, "Full")
    for alias, more in (("Number", {"DataType": "number"}), ("Customer", {"UniqueIdentifier": True})):
        sent = {"SubscriberListID": shop, "FieldName": alias, "MergeTagAlias": alias, **more}
        client.ok("customfield.create", jane.key, **sent)
    columns = ("list_id", "name", "data_type", "is_unique", "created_at")
    client.services.storage.write(
        lambda transaction: transaction.insert("custom_fields", columns, [(full, b"x", b"text", 0, 0)] * 200)
    )
    client.ok("subscriber.create", jane.key, ListID=shop, EmailAddress="a@example.com", ExternalID="user-1")
    nobody = client.ok("subscriber.create", jane.key, ListID=shop, ExternalID="user-2")["SubscriberID"]
    for email in ("a@example.com", "b@example.com", "a@example.com"):
        client.ok("event.track", jane.key, ListID=shop, Event="seen", Email=email, UUID=BROWSER)
    columns = ("list_id", "name", "folded_name", "event", "rule", "created_at")
    goals = [(full, b"%d" % number, b"%d" % number, b"x", b"[]", 0) for number in range(MAX_GOALS)]
    client.services.storage.write(lambda transaction: transaction.insert("goals", columns, goals))
    columns = ("list_id", "name", "folded_name", "rule", "created_at", "updated_at")
    segments = [(full, b"%d" % number, b"%d" % number, b"[]", 0, 0) for number in range(MAX_SEGMENTS)]
    client.services.storage.write(lambda transaction: transaction.insert("segments", columns, segments))
    buyers = client.ok("segment.create", jane.key, ListID=shop, Name="Buyers", Rule=RULE)["SegmentID"]
    of_buyers = [{"Segment": buyers, "Is": "in"}]
    regulars = client.ok("segment.create", jane.key, ListID=shop, Name="Regulars", Rule=of_buyers)[
        "SegmentID"
    ]
    named = [
        client.ok("goal.create", jane.key, ListID=shop, Name=name, Event="x") for name in ("Taken", "Other")
    ]
    first = {"Event": "seen", "EventID": "taken", "Properties": {"first": True}}
    for place in ({}, {"ListID": shop}):
        client.ok("event.track", jane.key, **first, **place)
    public = stores.lists.owned(jane.user_id, shop)
    assert public is not None
    # The EventIDs of the collect endpoint are a space of their own.
    client.ok("event.collect", EventListTrackerID=public.tracker_id, **first)
    client.ok("event.alias", jane.key, ListID=shop, Event="old", As="new")
    columns = ("list_id", "kind", "name", "is_hidden", "description", "updated_at")
    noted = [(full, 1, b"%d" % number, 1, b"", 0) for number in range(MAX_NOTED)]
    client.services.storage.write(lambda transaction: transaction.insert("list_names", columns, noted))
    for n in range(MAX_RUNNING):
        doomed = {"event": str(n), "begins": None, "ends": None}
        job = Job(full, n, "delete_events", n, doomed, 0, created_at=0, updated_at=0)
        client.services.storage.write(partial(job_queue.add, job=job, claim=None, due_at=2**62))
    numbers = {SHOP: shop, CROWDED: shop, FULL: full, NOBODY: nobody, REACHED: named[0]["GoalID"]} | {
        BUYERS: buyers,
        REGULARS: regulars,
    }
    rejection, body = refused(client, replace(jane, list_id=shop))
    numbers |= {REFUSED: rejection, KEPT: body}
    return numbers | _saved(client, jane, shop, full) | _told(client, jane, shop, full)


def _saved(client: InProcess, jane: Shop, shop: int, full: int) -> dict[str, Any]:
    """What stands for SAVED, NOTED, LINKED, and a saved report whose goal is gone; the full list has all it may."""

    def fill(table: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
        client.services.storage.write(
            lambda transaction: transaction.insert(table, ("list_id", "created_at", *columns), rows)
        )

    named = [b"%d" % number for number in range(MAX_SAVED_REPORTS)]
    reports = [(full, 0, name, name, b"reports.trend", b"{}", 0) for name in named]
    pinned = [(shop, 0, name, name, b"reports.trend", b"{}", 1) for name in named[:MAX_PINNED]]
    columns = ("name", "folded_name", "command", "params", "is_pinned")
    fill("saved_reports", columns, [*reports, *pinned])
    fill("annotations", ("at", "text"), [(full, 0, 0, b"x")] * MAX_ANNOTATIONS)
    fill("shares", ("token_hash", "rule", "frame_origins"), [(full, 0, name, b"[]", b"") for name in named])
    mails = [(full, 0, b"day", 8, 0, b"x", 0)] * MAX_SCHEDULES
    fill("schedules", ("every", "hour", "is_csv", "secret", "active_from"), mails)
    for_shop = {"ListID": shop, "Report": "reports.trend"}
    gone = client.ok("goal.create", jane.key, ListID=shop, Name="Gone", Event="x")["GoalID"]
    saved = {
        name: client.ok("savedreport.create", jane.key, **for_shop, Name=name, Params=params)["SavedReportID"]
        for name, params in (("Taken", {}), ("Other", {}), ("Broken", {"GoalID": gone}))
    }
    client.ok("goal.delete", jane.key, ListID=shop, GoalID=gone)
    mailed = {"ListID": shop, "Overview": True, "Every": "day", "To": ["a@example.com"]}
    return {
        MAILED: client.ok("schedule.create", jane.key, **mailed)["ScheduleID"],
        SAVED: saved["Taken"],
        "the broken report": saved["Broken"],
        NOTED: client.ok("annotation.create", jane.key, ListID=shop, Text="x")["AnnotationID"],
        LINKED: client.ok("share.create", jane.key, ListID=shop, Overview=True)["ShareID"],
    }


def _told(client: InProcess, jane: Shop, shop: int, full: int) -> dict[str, Any]:
    """What stands for TELLING, HELD, WATCHED and WATCHING; the full list has all triggers and alerts it may."""
    about = {"Event": "x", "URL": PUBLIC_URL}
    in_shop = replace(jane, list_id=shop)
    watching = make_trigger(
        client, in_shop, PUBLIC_URL, Name="Watching", SegmentID=make_segment(client, in_shop, "Watched")
    )
    told = [
        client.ok("trigger.create", jane.key, ListID=shop, Name=name, **about)["TriggerID"]
        for name in ("Taken", "Other")
    ]
    fill_with_triggers(client, full)
    [held] = add_deliveries(client, in_shop, told[0], 1)
    client.ok("trigger.update", jane.key, ListID=shop, TriggerID=told[0], IsActive=False)
    fill_with_alerts(client, full)
    mailed = {"ListID": shop, "To": ["a@example.com"]}
    client.ok("alert.create", jane.key, **mailed, Name="Taken", Kind="silence", Event="x")
    watched = {**mailed, "Name": "Watched", "Kind": "refusals", "Is": "above", "Value": 5}
    alert = client.ok("alert.create", jane.key, **watched)["AlertID"]
    return {TELLING: told[0], HELD: held, WATCHED: alert, WATCHING: watching["TriggerID"]}


@pytest.mark.parametrize(("command", "code"), list(CALLS), ids=lambda value: str(value))
def test_every_declared_code_is_answered(
    command: str,
    code: int,
    client: InProcess,
    jane: Shop,
    shop: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    public = client.services.stores.lists.owned(jane.user_id, shop[SHOP])
    assert public is not None
    if CALLS[command, code].get("ListID") == CROWDED:
        following = client.services.following
        followers = [
            following.parts(jane.user_id, shop[SHOP], None, None, None) for _ in range(MAX_FOLLOWERS_PER_USER)
        ]
        assert all(next(parts) for parts in followers)
    permissions = KEYS.get((command, code))
    key = jane.key if permissions is None else client.services.stores.keys.add(jane.user_id, permissions)
    declared = declared_rows()[command, code]
    if declared in TROUBLE:
        reply = {"error": TROUBLE[declared], "detail": "a test"}
        monkeypatch.setattr(client.services.analytics, "ask", lambda *_: reply)
    if declared in (NOTHING_JUDGES, NOT_INSTALLED):
        monkeypatch.setattr(ReportsClient, "is_installed", lambda _: False)
    sent = {"EventListTrackerID": public.tracker_id} | {
        name: with_numbers(value, shop) for name, value in CALLS[command, code].items()
    }
    assert client.call(command, key, **sent).refusal == (declared.status, [code])


@pytest.fixture
def breaking(sqlite_url: str, tmp_path: Path) -> Iterator[InProcess]:
    """Tracker with a command that breaks, and a limit of one call."""
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "breaking.py").write_text(BREAKING)
    settings = {"TRACKER_PLUGINS_FOLDER": str(tmp_path / "plugins"), "TRACKER_LIMITS": "lists.get=1/60"}
    with closing(InProcess(sqlite_url, tmp_path, settings)) as client:
        yield client


def test_every_common_code_is_answered(
    breaking: InProcess, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jane = breaking.open_shop("jane@example.com")
    monkeypatch.setattr(
        breaking.services.analytics, "ask", lambda *_: {"error": "unavailable", "detail": "away"}
    )
    empty = InProcess(f"{sqlite_url}.empty", tmp_path, is_upgraded=False)
    expired = Sessions(breaking.services.storage, 1, now=lambda: 0).open(jane.user_id)
    breaking.ok("lists.get", jane.key)
    answers = {
        99998: breaking.call("lists.get"),
        99999: breaking.call("lists.get", SessionID=expired),
        403: breaking.call("lists.get", breaking.weak_key(jane)),
        429: breaking.call("lists.get", jane.key),
        100000: breaking.request("POST", "/api.php", data=b"{", content_type="application/json"),
        100001: breaking.request("GET", "/api/v1/event", jane.key),
        100003: breaking.call("no.such.command", jane.key),
        100005: breaking.call("system.break", jane.key),
        100010: breaking.request("POST", "/api/v1/event", jane.key, data=b"x" * 70_000),
        100011: breaking.request("POST", "/api/v1/event", jane.key, data=b"x", content_type="image/png"),
        100012: empty.post("/api/v1/user.login", json=LOGIN),
        100014: breaking.call("reports.trend", jane.key, ListID=jane.list_id),
        100013: breaking.call("system.break", jane.key, IsCommitLost=True),
    }
    got = {code: answer.refusal for code, answer in answers.items()}
    assert got == {code: (400 if code == 100003 else COMMON[code].status, [code]) for code in COMMON}
