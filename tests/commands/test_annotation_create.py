"""`annotation.create`: a note is about now, a time or a day of the list's zone; what is no note has its number."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.goals import last_entry
from tests.commands.saved import annotate, annotations
from tracker.storage.accounts import MAX_ANNOTATIONS


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"At": "x"}, 6),
        ({"At": "2026-02-30"}, 6),
        ({"At": "1960-01-01"}, 6),
        ({"At": "9999-01-01T00:00:00Z"}, 6),
        ({"At": 5}, 6),
        ({"Text": " "}, 7),
        ({"Text": "a\0b"}, 7),
        ({"Text": "x" * 301}, 7),
        ({"Url": "javascript:alert(1)"}, 8),
        ({"Url": "https://"}, 8),
        ({"Url": "https://a b"}, 8),
        ({"Url": "https://" + "x" * 500}, 8),
    ],
)
def test_what_is_no_note_has_its_number_and_is_not_kept(
    client: InProcess, shop: Shop, params: dict[str, Any], code: int
) -> None:
    answer = client.call("annotation.create", shop.key, **{"ListID": shop.list_id, "Text": "x", **params})
    assert answer.refusal == (422, [code])
    assert annotations(client, shop) == []


def test_a_day_is_one_of_the_lists_zone(client: InProcess, shop: Shop) -> None:
    client.ok("list.update", shop.key, ListID=shop.list_id, Timezone="America/New_York")
    made = annotate(client, shop, "Ünïcode 🚀 <b>", At="2026-03-08", Url="https://git.example.com/?a=b#c")
    [note] = annotations(client, shop)
    assert note.pop("CreatedOn").endswith("Z")
    assert note == {
        "AnnotationID": made,
        "At": "2026-03-08T05:00:00.000Z",
        "Text": "Ünïcode 🚀 <b>",
        "Url": "https://git.example.com/?a=b#c",
    }
    assert last_entry(client, shop) == ("annotation.create", f"list:{shop.list_id} annotation:{made}")


def test_without_a_time_it_is_about_now(client: InProcess, shop: Shop) -> None:
    annotate(client, shop)
    [note] = annotations(client, shop, From="today", To="today")
    assert note["At"][:10] == note["CreatedOn"][:10]
    assert note["Url"] is None


def test_a_key_of_a_deployment_can_do_nothing_else(client: InProcess, shop: Shop) -> None:
    key = client.services.stores.keys.add(shop.user_id, "Annotations.Update")
    client.ok("annotation.create", key, ListID=shop.list_id, Text="Release")
    assert client.call("annotations.get", key, ListID=shop.list_id).codes == [403]


def test_a_list_has_so_many_and_no_more(client: InProcess, shop: Shop) -> None:
    rows = [(shop.list_id, 0, b"x", 0)] * MAX_ANNOTATIONS
    columns = ("list_id", "at", "text", "created_at")
    client.services.storage.write(lambda transaction: transaction.insert("annotations", columns, rows))
    assert client.call("annotation.create", shop.key, ListID=shop.list_id, Text="x").codes == [11]
