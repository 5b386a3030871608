"""`annotations.get`: the notes of a time, in the order of their times."""

from __future__ import annotations

from tests.client import InProcess, Shop
from tests.commands.saved import annotate, annotations


def test_the_notes_of_a_time_in_order(client: InProcess, shop: Shop) -> None:
    client.ok("list.update", shop.key, ListID=shop.list_id, Timezone="Europe/Berlin")
    for at in ("2026-01-03", "2026-01-01", "2026-01-02T23:30:00+01:00", "2026-01-02"):
        annotate(client, shop, at, At=at)
    texts = [note["Text"] for note in annotations(client, shop)]
    assert texts == ["2026-01-01", "2026-01-02", "2026-01-02T23:30:00+01:00", "2026-01-03"]
    assert [note["Text"] for note in annotations(client, shop, From="2026-01-02", To="2026-01-02")] == texts[
        1:3
    ]
    assert [note["Text"] for note in annotations(client, shop, To="2026-01-01T23:00:00Z")] == texts[:1]
    for params, code in (({"From": "x"}, 4), ({"To": "x"}, 5)):
        assert client.call("annotations.get", shop.key, ListID=shop.list_id, **params).codes == [code]


def test_of_many_the_latest_are_listed(client: InProcess, shop: Shop) -> None:
    rows = [(shop.list_id, number, b"x", 0) for number in range(502)]
    columns = ("list_id", "at", "text", "created_at")
    client.services.storage.write(lambda transaction: transaction.insert("annotations", columns, rows))
    found = annotations(client, shop)
    assert (len(found), found[0]["At"], found[-1]["At"]) == (
        500,
        "1970-01-01T00:00:00.002Z",
        "1970-01-01T00:00:00.501Z",
    )
