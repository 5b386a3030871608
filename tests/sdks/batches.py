"""A request of several events in the words of each family that takes them, and the list that such requests go to."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from tests.client import InProcess, Reply, Shop

#: Family -> (path, what an event is in its words, what its batch is), given a public id, names and properties.
BATCHES: dict[str, tuple[str, Callable[..., Any], Callable[..., Any]]] = {
    "segment": ("/v1/batch", lambda key, name, p: {"type": "track", "event": name, "userId": "u", "properties": p}, lambda key, sent: {"batch": sent}),
    "posthog": ("/batch", lambda key, name, p: {"event": name, "distinct_id": "u", "properties": p}, lambda key, sent: {"api_key": key, "batch": sent}),
    "mixpanel": ("/track", lambda key, name, p: {"event": name, "properties": {"token": key, "distinct_id": "u", **p}}, lambda key, sent: sent),
    "amplitude": ("/2/httpapi", lambda key, name, p: {"event_type": name, "user_id": "u", "event_properties": p}, lambda key, sent: {"api_key": key, "events": sent}),
    "ga4": ("/mp/collect", lambda key, name, p: {"name": name, "params": p}, lambda key, sent: {"client_id": "1.2", "events": sent}),
    "umami": ("/api/batch", lambda key, name, p: {"type": "event", "payload": {"website": key, "name": name, "data": p}}, lambda key, sent: sent),
    "cloudevents": ("", lambda key, name, p: {"specversion": "1.0", "id": name, "source": "/", "type": name, "data": p}, lambda key, sent: sent),
    "countly": ("/i", lambda key, name, p: {"key": name, "segmentation": p}, lambda key, sent: f"app_key={key}&device_id=d&events={quote(json.dumps(sent))}"),
}  # fmt: skip


class Address:
    """The address of a family, for the events of one list."""

    def __init__(self, client: InProcess, shop: Shop, family: str) -> None:
        self.client, self.shop, self.family = client, shop, family
        found = client.services.stores.lists.owned(shop.user_id, shop.list_id)
        assert found is not None
        self.public_id: str = found.tracker_id

    def send(self, path: str, body: Any, is_named_in_path: bool = False, **headers: str) -> Reply:
        """Send JSON, or a text as it is."""
        named = f"/{self.public_id}" if is_named_in_path else ""
        return self.client.request(
            "POST",
            f"/sdk/{self.family}{named}{path}",
            headers={name.replace("_", "-"): value for name, value in headers.items()},
            data=body.encode() if isinstance(body, str) else json.dumps(body).encode(),
            address=f"198.18.{self.shop.list_id // 250 % 250}.{self.shop.list_id % 250 + 1}",
        )

    def send_events(self, *events: tuple[str, dict[str, Any]], key: str | None = None) -> Reply:
        """Send events, by name and properties, in one request that names the list wherever it can."""
        path, event, batch = BATCHES[self.family]
        key = key or self.public_id
        return self.send(path, batch(key, [event(key, *each) for each in events]), is_named_in_path=True)

    def stored(self) -> list[tuple[str, dict[str, Any]]]:
        """(name, properties) of the list's events but those that tie, in the order of their ids."""
        sql = "SELECT name, properties FROM events WHERE list_id = ? AND name <> ? ORDER BY id"
        rows = self.client.rows(sql, self.shop.list_id, b"identify")
        return [(bytes(name).decode(), json.loads(bytes(properties)[1:])) for name, properties in rows]

    def names(self) -> list[str]:
        return [name for name, _ in self.stored()]
