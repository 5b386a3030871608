"""`annotation.delete`: a note is gone at once, and nobody else's is."""

from __future__ import annotations

from tests.client import InProcess, Shop
from tests.commands.goals import last_entry
from tests.commands.saved import annotate, annotations


def test_a_note_is_gone(client: InProcess, shop: Shop) -> None:
    first, second = annotate(client, shop), annotate(client, shop)
    sent = {"ListID": shop.list_id, "AnnotationID": first}
    client.ok("annotation.delete", shop.key, **sent)
    assert last_entry(client, shop) == ("annotation.delete", f"list:{shop.list_id} annotation:{first}")
    assert [note["AnnotationID"] for note in annotations(client, shop)] == [second]
    assert client.call("annotation.delete", shop.key, **sent).codes == [10]


def test_a_note_of_another_list_is_none(client: InProcess, shop: Shop, owner: Shop) -> None:
    theirs = {"ListID": shop.list_id, "AnnotationID": annotate(client, owner)}
    assert client.call("annotation.delete", shop.key, **theirs).codes == [10]
    assert client.call("annotation.update", shop.key, **theirs, Text="x").codes == [10]
    assert theirs["AnnotationID"] in [note["AnnotationID"] for note in annotations(client, owner)]
