"""Is each thing of a request judged by itself: in its own list, counted once, and told from others?"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.sdks.batches import Address

#: (family, path, a request for one list with a thing in it that names another), given two keys.
TWO_LISTS: dict[str, Any] = {
    "mixpanel": ("/track", lambda own, other: [
        {"event": name, "properties": {"token": key, "distinct_id": "u"}} for name, key in (("own", own), ("lost", other))
    ]),
    "mixpanel profiles": ("/engage", lambda own, other: [
        {"$token": key, "$distinct_id": "u", "$append": {"$transactions": {"$amount": "free", "is": name}}}
        for name, key in (("own", own), ("lost", other))
    ]),
    "umami": ("/api/batch", lambda own, other: [
        {"type": "event", "payload": {"website": key, "name": name}} for name, key in (("own", own), ("lost", other))
    ]),
    "posthog": ("/e", lambda own, other: [
        {"event": name, "distinct_id": "u", "api_key": key} for name, key in (("own", own), ("lost", other))
    ]),
    "posthog pages": ("/e", lambda own, other: [
        {"event": name, "distinct_id": "u", "properties": {"token": key, "$lib": "web"}}
        for name, key in (("own", own), ("lost", other))
    ]),
    "segment": ("/v1/batch", lambda own, other: {"writeKey": own, "batch": [
        {"type": "track", "event": name, "userId": "u", "writeKey": key} for name, key in (("own", own), ("lost", other))
    ]}),
    "amplitude": ("/2/httpapi", lambda own, other: {"api_key": own, "events": [
        {"event_type": name, "user_id": "u", "api_key": key} for name, key in (("own", own), ("lost", other))
    ]}),
    "countly": ("/i/bulk", lambda own, other: f"app_key={own}&requests=" + json.dumps([
        {"app_key": key, "device_id": "d", "events": [{"key": name}]} for name, key in (("own", own), ("lost", other))
    ])),
}  # fmt: skip


@pytest.fixture(scope="module")
def database_kind() -> str:
    """What becomes of a thing does not depend on the database."""
    return "sqlite"


@pytest.fixture(scope="module")
def neighbour(client: InProcess) -> Shop:
    """The account of somebody else."""
    return client.open_shop("neighbour@example.com")


@pytest.mark.parametrize("case", TWO_LISTS)
def test_what_names_another_list_is_stored_in_none(
    client: InProcess, shop: Shop, neighbour: Shop, case: str
) -> None:
    family = case.partition(" ")[0]
    own, others = Address(client, shop, family), Address(client, neighbour, family)
    path, made = TWO_LISTS[case]
    for key in (others.public_id, f"{others.public_id}:{neighbour.key}", "A" * 16):
        assert own.send(path, made(own.public_id, key)).status == 200
    names = [properties.get("is", name) for name, properties in own.stored()]
    assert (names, others.stored()) == (["own"] * 3, [])


@pytest.mark.parametrize(
    ("family", "path", "header", "body"),
    [
        ("mixpanel", "/import", "Basic", [{"event": "a", "properties": {"token": "OTHER", "distinct_id": "u"}}]),
        ("segment", "/v1/track", "Basic", {"type": "track", "event": "a", "userId": "u", "writeKey": "OTHER"}),
        ("klaviyo", "/client/events?company_id=OTHER", "Klaviyo-API-Key", {"data": {"type": "event", "attributes": {
            "metric": {"data": {"type": "metric", "attributes": {"name": "a"}}},
            "profile": {"data": {"type": "profile", "attributes": {"email": "zoe@example.com"}}},
        }}}),
    ],
)  # fmt: skip
def test_a_key_in_a_header_makes_no_other_lists_things_its_own(
    client: InProcess, shop: Shop, neighbour: Shop, family: str, path: str, header: str, body: Any
) -> None:
    own, others = Address(client, shop, family), Address(client, neighbour, family)
    pair = f"{own.public_id}:{shop.key}"
    sent = base64.b64encode(f"{pair}:".encode()).decode() if header == "Basic" else pair
    text = json.dumps(body)
    for named, count in ((others.public_id, 0), (own.public_id, 1)):
        own.send(path.replace("OTHER", named), text.replace("OTHER", named), Authorization=f"{header} {sent}")
        assert (len(own.stored()), others.stored()) == (count, [])
