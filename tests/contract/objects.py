"""Which parameters name an object of a user, and how is one made? A new kind of object gets its line in KINDS.

A command joins the tests of access by what it declares: its parameters and its example. No command is named here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.client import InProcess, Shop
from tests.commands.alerts import watched_alert
from tests.commands.triggers import add_deliveries
from tests.example_world import SUBSCRIBER
from tracker.fields import Text
from tracker.registry import COMMON_PARAMS, Entry

NOWHERE = 2**62


@dataclass(frozen=True, slots=True)
class Kind:
    """`make(client, shop)` gives the name of an object of that user (on the shop's list); `missing` names none at all."""

    make: Callable[[InProcess, Shop], Any]
    missing: Any


def a_list(client: InProcess, shop: Shop) -> int:
    return shop.list_id


def a_subscriber(client: InProcess, shop: Shop) -> int:
    [(number,)] = client.rows(
        "SELECT id FROM subscribers WHERE list_id = ? AND email_key = ?",
        shop.list_id,
        str(SUBSCRIBER["EmailAddress"]).encode(),
    )
    return int(number)


def a_field(client: InProcess, shop: Shop) -> int:
    [field] = client.services.stores.fields.of_list(shop.list_id)
    return int(field.id)


def a_key(client: InProcess, shop: Shop) -> str:
    return client.services.stores.keys.add(shop.user_id).split("_")[1]


def a_goal(client: InProcess, shop: Shop) -> int:
    """A goal of the example's."""
    [goal] = client.services.stores.goals.of_list(shop.list_id)
    return int(goal.id)


def a_segment(client: InProcess, shop: Shop) -> int:
    """The segment of the example's."""
    [segment] = client.services.stores.segments.of_list(shop.list_id)
    return int(segment.id)


def an_event(client: InProcess, shop: Shop) -> int:
    """The last event of the subscriber."""
    [(number,)] = client.rows("SELECT MAX(id) FROM events WHERE list_id = ?", shop.list_id)
    return int(number)


def a_trigger(client: InProcess, shop: Shop) -> int:
    """The trigger of the example's."""
    [trigger] = client.services.stores.triggers.of_list(shop.list_id)
    return int(trigger.id)


def a_delivery(client: InProcess, shop: Shop) -> int:
    """One of that trigger's that was accepted; always the same."""
    there = client.rows("SELECT id FROM deliveries WHERE list_id = ?", shop.list_id)
    if there:
        return int(there[0][0])
    return int(add_deliveries(client, shop, a_trigger(client, shop), 1, is_accepted=True)[0])


def a_body(client: InProcess, shop: Shop) -> int:
    """The body of an event that was refused."""
    return refused(client, shop)[1]


def a_rejection(client: InProcess, shop: Shop) -> int:
    return refused(client, shop)[0]


def refused(client: InProcess, shop: Shop) -> tuple[int, int]:
    """The numbers of a rejection of the list, and of the last body in it."""
    client.call("event.track", shop.key, ListID=shop.list_id, Event="signup", Email="no address")
    client.services.inbox.flush()
    sql = "SELECT rejection_id, id FROM rejected_bodies WHERE list_id = ? ORDER BY id DESC"
    number, body = client.rows(sql, shop.list_id)[0]
    return int(number), int(body)


def a_saved_report(client: InProcess, shop: Shop) -> int:
    """The saved report of the example's."""
    return int(client.services.stores.saved_reports.of_list(shop.list_id)[0].id)


def an_annotation(client: InProcess, shop: Shop) -> int:
    """The annotation of the example's."""
    return int(client.services.stores.annotations.of_list(shop.list_id)[0].id)


def a_share(client: InProcess, shop: Shop) -> int:
    """A link to the overview, always the same, written as it is stored: its command would ask the engine."""
    shares = client.services.stores.shares
    columns = {"saved_report_id": None, "rule": b"[]", "ends_at": None, "frame_origins": b""}
    there = shares.of_list(shop.list_id)
    token = f"token of {shop.list_id}"
    return int(there[0].id) if there else shares.make(shop.list_id, token, None, columns, lambda *_: None)


def a_schedule(client: InProcess, shop: Shop) -> int:
    """A schedule of the overview, as `a_share` is made."""
    schedules = client.services.stores.schedules
    there = schedules.of_list(shop.list_id)
    columns = {"every": b"day", "hour": 8, "is_csv": False}
    return int(there[0].id) if there else schedules.make(shop.list_id, columns, [], lambda *_: None)


def an_alert(client: InProcess, shop: Shop) -> int:
    return watched_alert(client, shop.list_id)


def a_deletion(client: InProcess, shop: Shop) -> str:
    """A deletion of events that were never sent."""
    key = client.services.stores.keys.add(shop.user_id, "*")
    return str(client.ok("events.delete", key, ListID=shop.list_id, Event="never sent")["JobID"])


KINDS = {
    "ListID": Kind(a_list, NOWHERE),
    "SubscriberListID": Kind(a_list, NOWHERE),
    "SubscriberID": Kind(a_subscriber, NOWHERE),
    "CustomFieldID": Kind(a_field, NOWHERE),
    "GoalID": Kind(a_goal, NOWHERE),
    "SegmentID": Kind(a_segment, NOWHERE),
    "EventID": Kind(an_event, NOWHERE),
    "TriggerID": Kind(a_trigger, NOWHERE),
    "SavedReportID": Kind(a_saved_report, NOWHERE),
    "AnnotationID": Kind(an_annotation, NOWHERE),
    "ShareID": Kind(a_share, NOWHERE),
    "ScheduleID": Kind(a_schedule, NOWHERE),
    "AlertID": Kind(an_alert, NOWHERE),
    "DeliveryID": Kind(a_delivery, NOWHERE),
    "RejectionID": Kind(a_rejection, NOWHERE),
    "BodyID": Kind(a_body, NOWHERE),
    "JobID": Kind(a_deletion, NOWHERE),
    "Prefix": Kind(a_key, "nothing1"),
}
#: Parameters that look as if they named an object, and why they name none of a user's.
NO_OBJECTS = {
    "SentEventID": "a name of the client's own for an event of the list",
    "ID": "names a person among the subscribers of the list, by a name of the client's own",
    "ExternalID": "as ID: the client's own name for a person of the list",
    "AfterSubscriberID": "a place among the subscribers of the list, which need not be one",
    "SubscriberIDs": "leaves those in the answer that are of the list: any other number is none (test_reports_people_gone)",
    "UUID": "names a visitor of the list; one that is not known is a new one",
    "BeforeDeliveryID": "a place in the log, which need not be a delivery",
    "BeforeEntryID": "a place in the log, which need not be an entry",
}


class UnknownKind(Exception):
    """A command takes an object of a kind that nobody has told these tests about."""


def kinds_of(entry: Entry) -> dict[str, Kind]:
    """The parameters of a command that name objects. Raises UnknownKind."""
    fields = entry.params.schema.load_fields
    # An EventID that is a text is a name of the client's own for an event; Tracker's own are numbers.
    given = {"EventID"} if isinstance(fields.get("EventID"), Text) else set()
    names = fields.keys() - set(COMMON_PARAMS) - given
    looking_so = {name for name in names if name in KINDS or name.endswith(("ID", "IDs"))}
    unknown = looking_so - KINDS.keys() - NO_OBJECTS.keys()
    if unknown:
        raise UnknownKind(
            f"{entry.command.name}: {', '.join(sorted(unknown))}: tests/contract/objects.py has no such kind"
        )
    return {name: KINDS[name] for name in sorted(looking_so & KINDS.keys())}
