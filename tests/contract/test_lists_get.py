"""Does `lists.get` tell on every database when each list's last event came?"""

from __future__ import annotations

from tests.client import Client, Shop


def test_each_list_says_when_its_last_event_came(client: Client, shop: Shop) -> None:
    made = [client.call("list.create", shop.key, SubscriberListName="x").body["ListID"] for _ in range(3)]
    for number, event in ((made[0], "first"), (made[1], "only"), (made[0], "last")):
        assert client.call("event.track", shop.key, ListID=number, Event=event).status == 200
    assert client.call("event.track", shop.key, Event="without a list").status == 200
    told = {
        row["ListID"]: row["LastEventTrackedAt"] for row in client.call("lists.get", shop.key).body["Lists"]
    }
    for number in made:
        described = client.call("list.get", shop.key, ListID=number).body["List"]
        assert told[number] == described["LastEventTrackedAt"]
    assert [told[number] is None for number in made] == [False, False, True]
    assert told[made[0]] >= told[made[1]]
