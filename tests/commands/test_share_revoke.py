"""`share.revoke`: a link is gone at once, and nobody else's is."""

from __future__ import annotations

from tests.client import InProcess, Shop
from tests.commands.goals import last_entry
from tests.commands.saved import share, shares
from tests.commands.stub_engine import StubEngine


def test_a_link_is_gone(client: InProcess, shop: Shop, engine: StubEngine) -> None:
    engine.reply = {"building": 0.5}
    (first, token), (second, kept) = share(client, shop), share(client, shop)
    opened = client.services.stores.shares.opened
    assert opened(token) is not None
    sent = {"ListID": shop.list_id, "ShareID": first}
    client.ok("share.revoke", shop.key, **sent)
    assert last_entry(client, shop) == ("share.revoke", f"list:{shop.list_id} share:{first}")
    assert [each["ShareID"] for each in shares(client, shop)] == [second]
    assert opened(token) is None
    assert opened(kept) is not None
    assert client.call("share.revoke", shop.key, **sent).codes == [10]
    assert client.call("share.revoke", shop.key, ListID=shop.list_id, ShareID="x").codes == [9]


def test_a_link_of_another_list_is_none(
    client: InProcess, shop: Shop, owner: Shop, engine: StubEngine
) -> None:
    engine.reply = {"building": 0.5}
    theirs, token = share(client, owner)
    assert client.call("share.revoke", shop.key, ListID=shop.list_id, ShareID=theirs).codes == [10]
    assert client.services.stores.shares.opened(token) is not None
