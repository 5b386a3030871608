"""Whatever Tracker gives out and takes back, made up with all that a stranger can know: does it name anything?

The stranger has an account, a key for everything in it and a list, knows this code, the public id of the other's list, and by
hearsay every number and cursor of it. A name that answers have and that calls take has to stand in HANDED_OUT, or in
WORDS if it is the client's own word.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from marshmallow import fields

from tests.client import InProcess, Reply, Shop, Track
from tests.commands.alerts import watched_alert
from tests.commands.test_event_collect import Door
from tests.commands.triggers import PUBLIC_URL, add_deliveries
from tests.contract.objects import refused
from tracker.domain.cursors import cursor_of
from tracker.domain.row_ids import SEQUENCE_BITS, first_id_at, received_ms
from tracker.formats.credentials import checksum, digest, new_key, new_public_id, new_session_id
from tracker.integrity.counter_check import recount
from tracker.live.sse import cursor_at
from tracker.plugins import load_commands

NOWHERE = 2**62
#: Row ids that a stranger tries: of the next moments, and of each the first of each of these writers.
SOON_MS, WRITERS = 5_000, (0, 1)
YEAR_2090 = 3_786_912_000_000


def made_up(row_id: int, name: str, **sent: Any) -> str:
    """An EventID of our form for a row, as it can be made by anybody who knows the event and the code."""
    parts = [name, None, None, sent.get("UUID"), None, sent.get("Properties", {})]
    digest = hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).digest()
    return f"trk-{row_id:016x}-{base64.urlsafe_b64encode(digest[:15]).decode()}"


def row_ids(client: InProcess, shop: Shop) -> list[int]:
    return [
        row[0] for row in client.rows("SELECT id FROM events WHERE list_id = ? ORDER BY id", shop.list_id)
    ]


@pytest.fixture
def door(client: InProcess, shop: Shop) -> Door:
    return Door(client, shop)


def place(door: Door, wanted: list[int]) -> None:
    """Send an event for each of these rows through the collect endpoint."""
    events = [{"Event": "taken", "EventID": made_up(row_id, "taken")} for row_id in wanted]
    answer = door.post({"Events": events})
    assert {result["status"] for result in answer.body["results"]} == {"ok"}


# EventIDs


def test_events_whose_rows_a_stranger_has_tried_to_take_are_all_stored(
    client: InProcess, shop: Shop, track: Track, door: Door
) -> None:
    """Of the moments in which real events come, and of those in which they come in a batch."""
    now = time.time_ns() // 1_000_000
    moments = range(0, SOON_MS, 20)
    wanted = [first_id_at(now + ms) | writer << SEQUENCE_BITS for ms in moments for writer in WRITERS]
    place(door, wanted)
    reached = received_ms(max(row_ids(client, shop)))
    assert reached <= time.time_ns() // 1_000_000, "a row stands where a stranger wanted it"
    answers = [track(Event="real", Properties={"n": number}) for number in range(30)]
    batch = client.call("event.batch", shop.key, ListID=shop.list_id, Events=[{"Event": "real"}] * 30)
    statuses = [answer.status for answer in answers]
    assert (statuses, {result["status"] for result in batch.body["results"]}) == ([200] * 30, {"ok"})
    sql = "SELECT COUNT(*) FROM events WHERE list_id = ? AND name = ?"
    assert client.rows(sql, shop.list_id, b"real") == [(60,)]
    assert recount(client.services.storage, shop.list_id).differences == []


@pytest.mark.parametrize("row_id", [first_id_at(YEAR_2090), 2**63 - 2, 2**63 - 1, 0, 1])
def test_no_row_is_ever_of_another_time(client: InProcess, shop: Shop, door: Door, row_id: int) -> None:
    before = time.time_ns() // 1_000_000
    place(door, [row_id])
    answer = client.call(
        "event.track", shop.key, ListID=shop.list_id, Event="taken", EventID=made_up(row_id, "taken")
    )
    assert (answer.status, answer.body.get("duplicate")) == (200, None)
    after = time.time_ns() // 1_000_000
    assert [before <= received_ms(each) <= after for each in row_ids(client, shop)] == [True, True]


def test_one_that_was_made_up_is_a_clients_own(track: Track) -> None:
    """Stored once, repeated, and no other event's."""
    event_id = made_up(first_id_at(YEAR_2090), "seen")
    first, again = track(EventID=event_id), track(EventID=event_id)
    assert (first.body.get("duplicate"), again.body["duplicate"]) == (None, True)
    other = track(Event="other", EventID=event_id)
    assert (other.status, other.codes) == (409, [17])


def test_a_key_that_may_only_write_reads_nothing_of_anybody(
    client: InProcess, shop: Shop, track: Track
) -> None:
    """An EventID for the row of a customer's event is answered as one for a row that is not there."""
    visitor, mine = "550e8400-e29b-41d4-a716-446655440000", "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
    assert track(Event="bought", ID="customer-4711", UUID=visitor).status == 200
    [theirs] = row_ids(client, shop)
    weak = client.services.stores.keys.add(shop.user_id, "")
    answers = []
    for row_id in (theirs, theirs + 1, NOWHERE):
        for event in ({"Event": "probe", "UUID": mine}, {"Event": "bought", "UUID": mine}):
            event_id = made_up(row_id, event["Event"], UUID=mine.replace("-", ""))
            sent = {"ListID": shop.list_id, **event, "EventID": event_id}
            answers.append(client.call("event.track", weak, **sent))
    assert {(answer.status, answer.raw) for answer in answers} == {(200, answers[0].raw)}
    assert visitor not in str(answers[0].body)


def test_event_ids_of_strangers_are_in_nobodys_way(client: InProcess, track: Track, door: Door) -> None:
    """An order number is used by a stranger first: the shop's own event is stored, and told as itself."""
    assert door.post({"Event": "junk", "EventID": "order-1001"}).status == 200
    sent = {"Event": "purchase", "EventID": "order-1001", "Properties": {"n": 1}}
    first, again = track(**sent), track(**sent)
    assert (first.status, first.body.get("duplicate"), again.body["duplicate"]) == (200, None, True)
    assert door.names() == ["junk", "purchase"]
    assert door.post({"Event": "junk", "EventID": "order-1001"}).status == 200
    assert door.names() == ["junk", "purchase"], "the collect endpoint's own repeats are known too"


def test_a_stranger_learns_nothing_of_the_event_ids_of_a_key(track: Track, door: Door) -> None:
    """Neither that one is used, nor, with its contents guessed, for what."""
    for number, more in enumerate(({}, {}, {"Email": "gone@example.com"}, {"Email": "gone@example.com"})):
        track(Event="secret", EventID=f"used-{number}", **more)
    forgotten = {"ListID": door.shop.list_id, "EmailAddress": "gone@example.com"}
    assert door.client.call("subscriber.forget", door.shop.key, **forgotten).status == 200
    answers: dict[str, list[tuple[int, bytes]]] = {"used": [], "free": []}
    for word, found in answers.items():
        for number, event in enumerate(("other", "secret", "other", "secret")):
            answer = door.post({"Event": event, "EventID": f"{word}-{number}"})
            found.append((answer.status, answer.raw.replace(word.encode(), b"")))
    assert answers["used"] == answers["free"]
    assert [status for status, _ in answers["used"]] == [200] * 4
    assert door.names() == ["secret"] * 2 + ["other", "secret"] * 4


def test_a_public_event_id_is_exported_as_it_was_sent_and_spent_when_it_is_forgotten(
    client: InProcess, shop: Shop, door: Door
) -> None:
    named = {"ListID": shop.list_id, "EmailAddress": "jane@example.com"}
    sent = {"Event": "identify", "EventID": "e-1", "Email": "jane@example.com"}
    assert door.post(sent).status == 200
    [held] = client.call("subscriber.export", shop.key, **named).body["Events"]
    assert held["ClientEventID"] == "e-1"
    assert client.call("subscriber.forget", shop.key, **named).status == 200
    assert door.post(sent).status == 200
    assert door.names() == []


# All others


class World:
    """Somebody with a list on which much has happened, and a stranger with one of their own."""

    def __init__(self, client: InProcess) -> None:
        self.client = client
        self.ours, self.strangers = (
            client.open_shop(f"{who}{next(_numbers)}@example.com") for who in ("ours", "stranger")
        )
        for shop in (self.ours, self.strangers):
            for number in range(3):
                visit = {"UUID": VISITOR, "Email": f"{number}@example.com", "Properties": {"of": shop.email}}
                self.call("event.track", shop, ListID=shop.list_id, Event="identify", **visit)
                self.call("event.track", shop, ListID=shop.list_id, Event="seen", **visit)
            field = {"FieldName": "Size", "MergeTagAlias": "size"}
            self.call("customfield.create", shop, SubscriberListID=shop.list_id, **field)
        gone = {"ListID": self.ours.list_id, "EmailAddress": "0@example.com"}
        self.forgotten = self.call("subscriber.forget", self.ours, **gone).body["SubscriberID"]
        listed = self.call("subscribers.get", self.ours, ListID=self.ours.list_id).body["Subscribers"]
        self.subscriber = listed[0]["SubscriberID"]
        self.own_subscriber = self.call(
            "subscribers.get", self.strangers, ListID=self.strangers.list_id
        ).body["Subscribers"][0]["SubscriberID"]

    def call(self, command: str, shop: Shop, **params: Any) -> Reply:
        answer = self.client.call(command, shop.key, **params)
        assert answer.status == 200, answer.body
        return answer

    def held(self) -> list[Any]:
        """All rows about the other's list and account."""
        tables = (
            "events",
            "event_ids",
            "subscribers",
            "visitors",
            "identity_links",
            "custom_fields",
            "list_settings",
            "segments",
            "rejections",
            "rejected_bodies",
        )
        of_list = [
            self.client.rows(f"SELECT * FROM {each} WHERE list_id = ?", self.ours.list_id) for each in tables
        ]
        of_user = [
            self.client.rows(f"SELECT * FROM {each} WHERE user_id = ?", self.ours.user_id)
            for each in ("api_keys", "sessions", "lists")
        ]
        return of_list + of_user

    def cursor(self, command: str, **params: Any) -> str:
        """A real one, of the other's list."""
        sent = {"ListID": self.ours.list_id, "RecordsPerRequest": 1, **params}
        found: str = self.call(command, self.ours, **sent).body["Cursor"]
        assert found
        return found


VISITOR = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
_numbers = itertools.count(1)
#: Parameters by command: what a stranger makes up, and the same with something that is nowhere.
Try = tuple[str, dict[str, Any], dict[str, Any]]


def _event_ids(world: World) -> Iterator[Try]:
    own = {"ListID": world.strangers.list_id, "SubscriberID": world.own_subscriber}
    number = row_ids(world.client, world.ours)[-1]
    yield "subscriber.explain", {**own, "EventID": str(number)}, {**own, "EventID": str(NOWHERE)}
    sent = {"ListID": world.strangers.list_id, "Event": "probe", "UUID": VISITOR}
    bare = VISITOR.replace("-", "")
    wanted, missing = (made_up(each, "probe", UUID=bare) for each in (number, NOWHERE))
    yield "event.track", {**sent, "EventID": wanted}, {**sent, "EventID": missing}


def _cursors(world: World) -> Iterator[Try]:
    own = {"ListID": world.strangers.list_id}
    named, theirs = {"SubscriberID": world.own_subscriber}, {"SubscriberID": world.subscriber}
    tries = {
        "events.recent": ({}, {}),
        "subscriber.events": (theirs, named),
        "subscriber.explain": (theirs, named),
    }
    for command, (of_theirs, of_own) in tries.items():
        if command == "subscriber.explain":
            cursor = cursor_of(world.ours.list_id, int(world.subscriber), (1, 1, 0))
        else:
            cursor = world.cursor(command, **of_theirs)
        yield command, {**own, **of_own, "Cursor": cursor}, {**own, **of_own, "Cursor": "nowhere"}
        at_theirs = {"ListID": world.ours.list_id, **of_theirs, "Cursor": cursor}
        yield command, at_theirs, {**at_theirs, "ListID": NOWHERE}
    place = cursor_at(world.ours.list_id, row_ids(world.client, world.ours)[0])
    yield "events.follow", {**own, "After": place, "Seconds": 0}, {**own, "After": "nowhere", "Seconds": 0}
    follow = {"After": place, "Seconds": 0}
    yield "events.follow", {"ListID": world.ours.list_id, **follow}, {"ListID": NOWHERE, **follow}


def _subscribers(world: World) -> Iterator[Try]:
    """Those of somebody who is forgotten name a job, too: how far it is, is nobody else's business."""
    more = {
        "subscriber.update": {"NewExternalID": "x", "CustomFields": {"size": "L"}},
        "subscriber.unmerge": {"UUID": VISITOR},
    }
    for command in ("get", "events", "explain", "export", "update", "unmerge", "forget", "delete"):
        name = f"subscriber.{command}"
        for number in (world.subscriber, world.forgotten):
            for list_id in (world.strangers.list_id, world.ours.list_id):
                sent = {"ListID": list_id, "SubscriberID": number, **more.get(name, {})}
                is_own = list_id == world.strangers.list_id
                missing = {"SubscriberID": str(NOWHERE)} if is_own else {"ListID": NOWHERE}
                yield name, sent, {**sent, **missing}


def _lists(world: World) -> Iterator[Try]:
    for command in (
        "list.get",
        "list.update",
        "subscribers.get",
        "website_events.catalogue",
        "events.recent",
    ):
        yield command, {"ListID": world.ours.list_id}, {"ListID": NOWHERE}
    sent = {"Events": [{"Event": "seen", "ListID": world.ours.list_id}]}
    yield "event.batch", sent, {"Events": [{"Event": "seen", "ListID": NOWHERE}]}


def _fields(world: World) -> Iterator[Try]:
    [field] = world.client.services.stores.fields.of_list(world.ours.list_id)
    for list_id in (world.strangers.list_id, world.ours.list_id):
        sent = {"SubscriberListID": list_id, "CustomFieldID": field.id}
        is_own = list_id == world.strangers.list_id
        yield (
            "customfield.delete",
            sent,
            {**sent, **({"CustomFieldID": NOWHERE} if is_own else {"SubscriberListID": NOWHERE})},
        )


def _goals(world: World) -> Iterator[Try]:
    """Numbers of goals are given in turn: a stranger knows those before and after their own."""
    sent = {"ListID": world.ours.list_id, "Name": f"Bought {time.time_ns()}", "Event": "seen"}
    goal = world.client.ok("goal.create", world.ours.key, **sent)["GoalID"]
    for command, more in (("goal.update", {"Name": "x"}), ("goal.delete", {}), ("reports.trend", {})):
        for list_id in (world.strangers.list_id, world.ours.list_id):
            named = {"ListID": list_id, "GoalID": goal, **more}
            missing = {"GoalID": NOWHERE} if list_id == world.strangers.list_id else {"ListID": NOWHERE}
            yield command, named, {**named, **missing}


def _deletions(world: World) -> Iterator[Try]:
    """Numbers of deletions are random: a stranger is told one by hearsay."""
    sent = {"ListID": world.ours.list_id, "Event": "never sent"}
    job = world.client.ok("events.delete", world.ours.key, **sent)["JobID"]
    for list_id in (world.strangers.list_id, world.ours.list_id):
        named = {"ListID": list_id, "JobID": job}
        missing = {"JobID": NOWHERE} if list_id == world.strangers.list_id else {"ListID": NOWHERE}
        yield "events.delete", named, {**named, **missing}


def _kept(world: World) -> Iterator[Try]:
    """Numbers of saved reports, annotations and share links are given in turn too. Links are made as they are stored."""
    ours, stores = world.ours.list_id, world.client.services.stores
    token = f"token {time.time_ns()}"
    columns = {"saved_report_id": None, "rule": b"[]", "ends_at": None, "frame_origins": b""}
    sent = {"ListID": ours, "Name": f"Kept {time.time_ns()}", "Report": "reports.trend", "Text": "x"}
    made = {
        "SavedReportID": world.client.ok("savedreport.create", world.ours.key, **sent)["SavedReportID"],
        "AnnotationID": world.client.ok("annotation.create", world.ours.key, **sent)["AnnotationID"],
        "ShareID": stores.shares.make(ours, token, None, columns, lambda *_: None),
        "ScheduleID": stores.schedules.make(
            ours, {"every": b"day", "hour": 8, "is_csv": False}, [], lambda *_: None
        ),
        "AlertID": watched_alert(world.client, ours),
    }
    for name, commands in (
        ("SavedReportID", ("savedreport.update", "savedreport.delete", "share.create")),
        ("AnnotationID", ("annotation.update", "annotation.delete")),
        ("ShareID", ("share.revoke",)),
        ("ScheduleID", ("schedule.update", "schedule.delete")),
        ("AlertID", ("alerts.get", "alert.update", "alert.test", "alert.delete")),
    ):
        for command, list_id in itertools.product(commands, (world.strangers.list_id, ours)):
            named = {"ListID": list_id, name: made[name], "Name": "x", "Text": "y"}
            missing = {name: NOWHERE} if list_id == world.strangers.list_id else {"ListID": NOWHERE}
            yield command, named, {**named, **missing}


def _segments(world: World) -> Iterator[Try]:
    """As those of goals; and inside of a rule and of conditions."""
    rule = [{"Of": "person", "Event": "seen", "Is": "happened"}]
    sent = {"ListID": world.ours.list_id, "Name": f"Seen {time.time_ns()}", "Rule": rule}
    segment = world.client.ok("segment.create", world.ours.key, **sent)["SegmentID"]
    own = {"ListID": world.strangers.list_id}
    for command, more in (
        ("segment.update", {"Name": "x"}), ("segment.delete", {}), ("segment.count", {}), ("segment.people", {}),
        ("segment.count", {"Rule": rule}), ("reports.trend", {}), ("visits.get", {}), ("events.export", {}),
    ):  # fmt: skip
        for list_id in (world.strangers.list_id, world.ours.list_id):
            named = {"ListID": list_id, "SegmentID": segment, **more}
            missing = {"SegmentID": NOWHERE} if list_id == world.strangers.list_id else {"ListID": NOWHERE}
            yield command, named, {**named, **missing}
    wanted, nothing = ([{"Segment": each, "Is": "in"}] for each in (segment, NOWHERE))
    for command, key, more in (
        ("segment.create", "Rule", {"Name": "x"}), ("segment.count", "Rule", {}), ("reports.people", "Where", {}),
    ):  # fmt: skip
        yield command, {**own, **more, key: wanted}, {**own, **more, key: nothing}
    named = {**own, "SubscriberID": world.subscriber}
    yield "segments.get", named, {**named, "SubscriberID": str(NOWHERE)}


def _triggers(world: World) -> Iterator[Try]:
    """Numbers of triggers are given in turn, and those of deliveries by time."""
    sent = {
        "ListID": world.ours.list_id,
        "Name": f"Told {time.time_ns()}",
        "Event": "never",
        "URL": PUBLIC_URL,
    }
    trigger = world.client.ok("trigger.create", world.ours.key, **sent)["TriggerID"]
    [delivery] = add_deliveries(world.client, world.ours, trigger, 1)
    for command in ("trigger.update", "trigger.delete", "trigger.test", "deliveries.get"):
        yield command, *_elsewhere(world, "TriggerID", trigger)
    for command in ("deliveries.get", "delivery.retry"):
        yield command, *_elsewhere(world, "DeliveryID", delivery)


def _elsewhere(world: World, name: str, number: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A thing of ours asked for on the stranger's list, and one that is nowhere."""
    named = {"ListID": world.strangers.list_id, name: number}
    return named, {**named, name: NOWHERE}


def _refused(world: World) -> Iterator[Try]:
    """Numbers of rejections follow from reason and sender: a stranger can compute them. Those of bodies are row ids."""
    for list_id in (world.strangers.list_id, world.ours.list_id):
        rejection, body = refused(world.client, world.ours)
        for command, named in (
            ("rejection.get", {"RejectionID": rejection}),
            ("rejection.dismiss", {"RejectionID": rejection}),
            ("rejection.replay", {"BodyID": body, "Body": {"Event": "seen"}}),
        ):
            is_own = list_id == world.strangers.list_id
            missing = {**named, next(iter(named)): NOWHERE} if is_own else {**named, "ListID": NOWHERE}
            yield command, {"ListID": list_id, **named}, {"ListID": list_id, **missing}


def _keys(world: World) -> Iterator[Try]:
    """A prefix is shown to whoever may list keys; the rest of a key with it is made up, its checksum is right."""
    prefix = world.ours.key.split("_")[1]
    yield "apikey.revoke", {"Prefix": prefix}, {"Prefix": "nothing1"}
    guessed, unknown = (f"trk_{each}_{new_key().text.split('_')[2][:-6]}" for each in (prefix, "nothing1"))
    sent = ({"APIKey": each + checksum(each)} for each in (guessed, unknown))
    yield "lists.get", next(sent), next(sent)


def _sessions(world: World) -> Iterator[Try]:
    world.client.services.stores.sessions.open(world.ours.user_id)
    ended = world.client.services.stores.sessions.open(world.ours.user_id)
    assert world.client.call("user.logout", None, SessionID=ended).status == 200
    for made_up in (new_session_id(), ended):
        yield "lists.get", {"SessionID": made_up}, {"SessionID": new_session_id()}
        yield "user.logout", {"SessionID": made_up}, {"SessionID": new_session_id()}


def _public_ids(world: World) -> Iterator[Try]:
    known = Door(world.client, world.ours).tracker_id
    for each in (known[::-1], known.swapcase(), new_public_id()):
        yield (
            "event.collect",
            {"EventListTrackerID": each, "Event": "x"},
            {"EventListTrackerID": "nowhere", "Event": "x"},
        )


def _visitors(world: World) -> Iterator[Try]:
    """The other's visitor has the same UUID: it is one of each list."""
    named = {"ListID": world.ours.list_id, "UUID": VISITOR}
    yield "subscriber.events", named, {**named, "ListID": NOWHERE}


#: How what names something is made up.
HANDED_OUT: dict[str, Callable[[World], Iterator[Try]]] = {
    "EventID": _event_ids,
    "Cursor": _cursors,
    "After": _cursors,
    "SubscriberID": _subscribers,
    "ListID": _lists,
    "CustomFieldID": _fields,
    "GoalID": _goals,
    "JobID": _deletions,
    "SavedReportID": _kept,
    "AnnotationID": _kept,
    "ShareID": _kept,
    "SegmentID": _segments,
    "ScheduleID": _kept,
    "AlertID": _kept,
    "TriggerID": _triggers,
    "DeliveryID": _triggers,
    "RejectionID": _refused,
    "BodyID": _refused,
    "Prefix": _keys,
    "APIKey": _keys,
    "SessionID": _sessions,
    "EventListTrackerID": _public_ids,
    "UUID": _visitors,
}
#: Names that are given and taken, and name nothing of Tracker's making: words of the client's, settings, times, amounts.
WORDS = {
    "AllowedOrigins", "As", "At", "By", "ChannelRules", "Compare", "ConversionIdIs", "ConversionsNeedKey", "Count",
    "Currency", "CustomFields", "DataType", "Description", "EmailAddress", "Event", "Events", "Every", "ExternalID",
    "FieldName", "Format", "FrameOrigins", "From", "HiddenQueryParameters", "HonourPrivacySignal", "Hours", "ID", "Interval", "Is", "IsActive", "IsHidden", "IsLeftOut", "IsPinned",
    "KeepAddress", "KeepRefusedValues", "Kind", "Measure", "MergeTagAlias", "Minimum", "Name", "Next", "On", "OwnNetworks", "Params", "Permissions", "Products", "Properties",
    "Property", "Reason", "Report", "RetentionDays", "Rule", "Scope", "Seconds", "SentAt", "Span", "Status", "Steps", "Text", "Tile",
    "Timezone", "To", "URL", "UniqueIdentifier", "Until", "Url", "Username", "Value", "VisitGapMinutes", "Where",
}  # fmt: skip


def names_in(schema: Any, above: tuple[type[Any], ...] = ()) -> Iterator[str]:
    """The names in an answer, at any depth; a tree of nodes has those of one node."""
    for name, field in schema.fields.items():
        yield name
        inner = field.inner if isinstance(field, fields.List) else field
        inner = inner.value_field if isinstance(inner, fields.Dict) else inner
        if isinstance(inner, fields.Nested) and type(inner.schema) not in above:
            yield from names_in(inner.schema, (*above, type(inner.schema)))


def test_whatever_is_given_out_and_taken_back_is_looked_at() -> None:
    entries = list(load_commands())
    given = {name for each in entries if each.command.Answer for name in names_in(each.command.Answer())}
    taken = {name for each in entries for name in each.params.schema.load_fields}
    assert given & taken - WORDS <= HANDED_OUT.keys()
    assert not WORDS - given & taken, "they are given or taken no more"


@pytest.fixture(scope="module")
def world(client: InProcess) -> World:
    return World(client)


@pytest.mark.parametrize(
    "make", dict.fromkeys(HANDED_OUT.values()), ids=lambda make: make.__name__.strip("_")
)
def test_what_is_made_up_names_nothing(world: World, make: Callable[[World], Iterator[Try]]) -> None:
    """It is answered with the bytes of what is nowhere, reads nothing and changes nothing of the other's."""
    for command, sent, missing in make(world):
        key = None if {"APIKey", "SessionID", "EventListTrackerID"} & sent.keys() else world.strangers.key
        before = world.held()
        wanted, nowhere = (world.client.call(command, key, **each) for each in (sent, missing))
        assert (wanted.status, wanted.raw) == (nowhere.status, nowhere.raw), (command, sent)
        assert wanted.status < 500
        assert world.ours.email.encode() not in wanted.raw
        assert world.held() == before, (command, sent)


def test_a_form_of_the_console_is_not_to_be_made_up(world: World) -> None:
    """Its token is made from the session alone."""
    ours = world.ours
    session = world.client.call("user.login", None, Username=ours.email, Password=ours.password).body[
        "SessionID"
    ]
    known = ("", ours.email, str(ours.user_id), Door(world.client, ours).tracker_id, digest(session).hex())
    before = world.held()
    for secret in known:
        token = hmac.new(secret.encode(), b"a form of the console", "sha256").hexdigest()
        form = {"token": token, "SubscriberListName": "Taken", "ConversionIdIs": "goal", "RetentionDays": "1"}
        cookie = {"Cookie": f"tracker_session={session}"}
        answer = world.client.post(f"/lists/{ours.list_id}/settings", headers=cookie, data=form)
        assert answer.status == 403, answer.text
    assert world.held() == before
