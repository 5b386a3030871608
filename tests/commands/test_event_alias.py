"""`event.alias`: names are shown and counted as one, wherever they are asked for, and nothing stored is rewritten."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest

from tests.client import InProcess, Shop, Track
from tests.commands.names import REFUSED, names_of, refused
from tests.commands.stub_engine import StubEngine
from tests.full_catalogue import Listing

FOLLOW = "/api/v1/events.follow"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        *REFUSED,
        ({"As": ""}, 7),
        ({"As": "x" * 201}, 7),
        ({"As": ...}, 8),
        ({"As": "x"}, 9),
        ({"As": "identify"}, 11),
        ({"Event": ..., "Property": "referrer", "As": "$referrer"}, 11),
        ({"Event": ..., "Property": "$utm_source", "As": "source"}, 11),
    ],
)
def test_what_cannot_be_one_has_its_number(
    client: InProcess, shop: Shop, change: dict[str, Any], code: int
) -> None:
    assert refused(client, shop, "event.alias", {"As": "y"}, change) == [code]


def alias(client: InProcess, shop: Shop, as_: str, **named: str) -> Any:
    return client.call("event.alias", shop.key, ListID=shop.list_id, As=as_, **named)


def test_circles_and_chains_are_refused(client: InProcess, shop: Shop) -> None:
    assert alias(client, shop, "b", Event="a").status == 200
    assert alias(client, shop, "a", Event="b").codes == [9]
    assert alias(client, shop, "c", Event="b").codes == [10]
    assert alias(client, shop, "a", Event="c").codes == [10]
    assert alias(client, shop, "a", Property="b").status == 200, "properties are no events"
    assert alias(client, shop, "c", Event="conversion").codes == [11]
    assert alias(client, shop, "$a", Event="$b").status == 200, "of events only two names are Tracker's"
    client.ok("event.unalias", shop.key, ListID=shop.list_id, Event="$b")
    assert alias(client, shop, "c", Event="a").status == 200, "one more time is another name to be shown as"
    assert names_of(client, shop) == [("event", "a", "c", False, ""), ("property", "b", "a", False, "")]


def test_a_list_has_a_bounded_number(client: InProcess, shop: Shop) -> None:
    columns = ("list_id", "kind", "name", "is_hidden", "description", "updated_at")
    rows = [(shop.list_id, 1, b"%d" % n, 1, b"", 0) for n in range(200)]
    client.services.storage.write(lambda transaction: transaction.insert("list_names", columns, rows))
    assert alias(client, shop, "b", Event="a").codes == [12]
    assert alias(client, shop, "b", Event="7").status == 200


def test_spellings_are_listed_once_with_the_counts_of_all(
    client: InProcess, shop: Shop, track: Track, listing: Listing
) -> None:
    track(Event="signup", Properties={"plan": "a", "productId": 1})
    track(Event="sign_up", Properties={"product_id": "2"}), track(Event="Sign-Up"), track(Event="zoo")
    before = listing()
    for name in ("sign_up", "Sign-Up"):
        assert alias(client, shop, "signup", Event=name).status == 200
    alias(client, shop, "product_id", Property="productId")
    assert listing() == {"signup": ["plan", "product_id"], "zoo": []}
    client.services.ingest.flush()
    found = client.ok("website_events.catalogue", shop.key, ListID=shop.list_id)
    assert [(each["Event"], each["Count"]) for each in found["Events"]] == [("signup", 3), ("zoo", 1)]
    [_, product] = found["Events"][0]["Properties"]
    assert (product["Property"], product["Types"]) == ("product_id", {"number": 1, "string": 1})
    assert found["LookAlikes"] == []
    [one] = client.ok("website_events.catalogue", shop.key, ListID=shop.list_id, Event="Sign-Up")["Events"]
    assert one == found["Events"][0]
    assert (
        len(client.rows("SELECT id FROM events WHERE name = ? AND list_id = ?", b"sign_up", shop.list_id))
        == 1
    )
    for named in ({"Event": "sign_up"}, {"Event": "Sign-Up"}, {"Property": "productId"}):
        client.ok("event.unalias", shop.key, ListID=shop.list_id, **named)
    assert (listing(), names_of(client, shop)) == (before, [])


@pytest.mark.parametrize("name", ["signup", "sign_up"])
def test_each_filter_finds_all_spellings(
    client: InProcess, shop: Shop, track: Track, engine: StubEngine, name: str
) -> None:
    about = {"ListID": shop.list_id}
    cursor = re.search(rb"id: (\S+)", b"".join(client.parts(FOLLOW, shop.key, {**about, "Seconds": "0"})))
    assert cursor is not None
    track(Event="signup", ID="@jane", Properties={"plan": "a"})
    (
        track(Event="sign_up", ID="@jane", Properties={"Plan": "b", "plan": None}),
        track(Event="other", ID="@jane"),
    )
    alias(client, shop, "signup", Event="sign_up"), alias(client, shop, "plan", Property="Plan")
    asked = {**about, "Event": name}
    found = {"recent": client.ok("events.recent", shop.key, **asked)["Events"]}
    of_jane = {**asked, "ExternalID": "@jane"}
    found["timeline"] = client.ok("subscriber.events", shop.key, **of_jane)["Events"]
    sent = b"".join(client.parts(FOLLOW, shop.key, {**asked, "Seconds": "0", "After": cursor[1].decode()}))
    found["followed"] = [json.loads(each) for each in re.findall(rb"event: tracked\ndata: (.*)", sent)][::-1]
    both = ["sign_up", "signup"]
    assert {place: [each["Event"] for each in events] for place, events in found.items()} == {
        "recent": both,
        "timeline": both,
        "followed": both,
    }
    for spelled in ("plan", "Plan"):
        values = client.ok("website_events.values", shop.key, **asked, Property=spelled)
        assert {each["Value"]: each["Count"] for each in values["Values"]} == {'"a"': 1, '"b"': 1}
        is_b = client.ok("subscriber.events", shop.key, **of_jane, Property=spelled, Value="b")["Events"]
        assert [each["Event"] for each in is_b] == ["sign_up"]
    ids = [[number, int(each["EventID"])] for number, each in enumerate(found["recent"])]
    engine.answers(ids=ids, next=None)
    table = client.call("events.export", shop.key, **asked, Format="csv", Properties=["plan", "Plan"])
    rows = list(csv.DictReader(io.StringIO(table.raw.decode())))
    assert [(row["Event"], row["plan"], row["Plan"]) for row in rows] == [
        ("sign_up", "b", "b"),
        ("signup", "a", "a"),
    ]
    assert engine.spellings.of_event(name) == ("signup", "sign_up")


def test_a_name_that_was_never_sent_can_be_shown(
    client: InProcess, shop: Shop, track: Track, listing: Listing
) -> None:
    track(Event="a"), track(Event="z"), track(Event="m")
    alias(client, shop, "n", Event="a"), alias(client, shop, "n", Event="z")
    assert listing() == {"m": [], "n": []}
    pages, after = [], ""
    while True:
        page = client.ok(
            "website_events.catalogue", shop.key, ListID=shop.list_id, RecordsPerRequest=1, AfterEvent=after
        )
        pages += [each["Event"] for each in page["Events"]]
        if not page["HasMore"]:
            break
        after = pages[-1]
    assert pages == ["m", "n"]


def test_another_users_names_stay(client: InProcess, shop: Shop) -> None:
    stranger = client.open_shop(f"names{shop.list_id}@example.com")
    assert alias(client, shop, "b", Event="a").status == 200
    for command in ("event.alias", "event.unalias"):
        sent = {"ListID": shop.list_id, "Event": "a", "As": "c"}
        assert client.call(command, stranger.key, **sent).codes == [3]
    assert names_of(client, shop) == [("event", "a", "b", False, "")]
