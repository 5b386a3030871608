"""`annotation.update`: what is sent is changed, all else stays."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.goals import last_entry
from tests.commands.saved import annotate, annotations


@pytest.mark.parametrize(
    ("change", "after"),
    [
        ({}, {}),
        ({"Text": "Other"}, {"Text": "Other"}),
        ({"Url": ""}, {"Url": None}),
        ({"At": "2026-01-31T09:30:00+01:00"}, {"At": "2026-01-31T08:30:00.000Z"}),
    ],
)
def test_what_is_sent_is_changed(
    client: InProcess, shop: Shop, change: dict[str, Any], after: dict[str, Any]
) -> None:
    made = annotate(client, shop, At="2026-01-31", Url="http://a.example")
    [before] = annotations(client, shop)
    client.ok("annotation.update", shop.key, ListID=shop.list_id, AnnotationID=made, **change)
    assert annotations(client, shop) == [before | after]
    assert last_entry(client, shop) == ("annotation.update", f"list:{shop.list_id} annotation:{made}")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"At": "-1d-1d"}, 6),
        ({"Text": ""}, 7),
        ({"Url": "x"}, 8),
        ({"AnnotationID": "x"}, 9),
        ({"AnnotationID": 2**62}, 10),
    ],
)
def test_what_cannot_be_changes_nothing(
    client: InProcess, shop: Shop, change: dict[str, Any], code: int
) -> None:
    made = annotate(client, shop)
    before = annotations(client, shop)
    sent = {"ListID": shop.list_id, "AnnotationID": made, **change}
    assert client.call("annotation.update", shop.key, **sent).refusal == (422, [code])
    assert annotations(client, shop) == before
