"""`savedreports.get`: reports in the order they were made; permissions and other people's lists for all commands of this kind."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.saved import save, saved

CALLS: dict[str, dict[str, Any]] = {
    "savedreport.create": {"Name": "x", "Report": "reports.trend"},
    "savedreport.delete": {"SavedReportID": 1},
    "savedreport.update": {"SavedReportID": 1},
    "savedreports.get": {},
    "annotation.create": {"Text": "x"},
    "annotation.delete": {"AnnotationID": 1},
    "annotation.update": {"AnnotationID": 1},
    "annotations.get": {},
    "share.create": {"Overview": True},
    "share.revoke": {"ShareID": 1},
    "shares.get": {},
}
NEEDED = {"savedreport": "List.Update", "annotation": "Annotations.Update", "share": "Shares.Update"}


def test_reports_are_listed_as_they_were_made(client: InProcess, shop: Shop) -> None:
    assert saved(client, shop) == []
    made = [save(client, shop, name) for name in ("b", "a", "c")]
    found = [(each["SavedReportID"], each["Name"]) for each in saved(client, shop)]
    assert found == list(zip(made, "bac", strict=True))


@pytest.mark.parametrize("command", CALLS)
def test_anothers_list_a_missing_one_and_the_hidden_one_give_the_same_bytes(
    client: InProcess, shop: Shop, command: str
) -> None:
    stranger = client.open_shop(f"{command}@example.com")
    numbers = [stranger.list_id, 2**62, client.services.stores.lists.hidden_id(shop.user_id)]
    answers = {client.call(command, shop.key, ListID=number, **CALLS[command]).raw for number in numbers}
    assert answers == {b'{"Errors":[{"Code":3,"Message":"List not found"}]}'}
    assert saved(client, stranger) == []
    assert client.call(command, shop.key, ListID="x", **CALLS[command]).codes == [2]


@pytest.mark.parametrize("command", CALLS)
def test_permissions(client: InProcess, shop: Shop, command: str) -> None:
    needed = NEEDED.get(command.partition(".")[0], "Reports.Get")
    others = ",".join({*NEEDED.values(), "Reports.Get", "Subscribers.Get"} - {needed})
    keys = client.services.stores.keys
    assert client.call(command, keys.add(shop.user_id, others)).codes == [403]
    assert client.call(command, keys.add(shop.user_id, needed)).status == 422
