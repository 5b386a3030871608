"""`rejection.dismiss`: a rejection is gone with its bodies, nobody else's is, and what comes then is told anew."""

from __future__ import annotations

from tests.client import InProcess, Shop
from tests.commands.refused_events import inbox, refused_body


def test_a_rejection_is_gone_until_the_next(client: InProcess, shop: Shop) -> None:
    refused_body(client, shop)
    [found] = inbox(client, shop)
    asked = {"ListID": shop.list_id, "RejectionID": found["RejectionID"]}
    client.ok("rejection.dismiss", shop.key, **asked)
    assert inbox(client, shop) == []
    assert client.rows("SELECT COUNT(*) FROM rejected_bodies WHERE list_id = ?", shop.list_id) == [(0,)]
    assert client.call("rejection.dismiss", shop.key, **asked).codes == [39]
    refused_body(client, shop)
    assert [each["Count"] for each in inbox(client, shop)] == [1]


def test_only_ones_own_are_dismissed(client: InProcess, shop: Shop, keeper: Shop) -> None:
    refused_body(client, shop)
    [found] = inbox(client, shop)
    number = found["RejectionID"]
    asked = {"ListID": shop.list_id, "RejectionID": number}
    assert client.call("rejection.dismiss", keeper.key, **asked).codes == [3]
    assert client.call("rejection.dismiss", keeper.key, WithoutList=True, RejectionID=number).codes == [39]
    assert client.call("rejection.dismiss", keeper.key, OfStrangers=True, RejectionID=1).codes == [34]
    assert len(inbox(client, shop)) == 1
