"""Catalogue that is soon full: small bounds, events of browsers, and what they named."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.client import InProcess, Shop
from tracker.storage.aggregates import catalogue, catalogue_eviction

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)

Listing = Callable[[], dict[str, list[str]]]

Browse = Callable[..., None]


@pytest.fixture(autouse=True)
def bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue that is soon full: browsers may use eight tenths of it."""
    monkeypatch.setattr(catalogue, "MAX_NAMES", 10)
    monkeypatch.setattr(catalogue, "MAX_PROPERTIES", 20)
    monkeypatch.setattr(catalogue, "MAX_PAIRS", 40)
    monkeypatch.setattr(catalogue, "KNOWN_SECONDS", 0.0)
    monkeypatch.setattr(catalogue, "RETRY_FULL_SECONDS", 0.0)
    monkeypatch.setattr(catalogue_eviction, "NAMES_AT_ONCE", 1)
    monkeypatch.setattr(catalogue_eviction, "PROPERTIES_AT_ONCE", 1)


@pytest.fixture
def browse(client: InProcess, shop: Shop) -> Browse:
    """Send events through the collect endpoint, each in a call of its own, and have them counted."""
    public = client.services.stores.lists.owned(shop.user_id, shop.list_id).tracker_id

    def send(*events: str | dict[str, Any]) -> None:
        for event in events:
            sent = {"Event": event} if isinstance(event, str) else event
            headers = {"User-Agent": CHROME, "Content-Type": "text/plain"}
            answer = client.request("POST", f"/t/{public}", headers=headers, data=json.dumps(sent).encode())
            assert answer.status == 200, answer.body
        client.services.ingest.flush()

    return send


def own(listing: Listing) -> dict[str, list[str]]:
    """What was listed, without what the door adds."""
    return {name: [item for item in items if not item.startswith("$")] for name, items in listing().items()}
