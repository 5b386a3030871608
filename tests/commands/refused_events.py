"""Calls about refused events that several tests make."""

from __future__ import annotations

from typing import Any

from tests.client import InProcess, Reply, Shop

PAGE = "https://shop.example"


def public_id(client: InProcess, shop: Shop) -> str:
    found: str = client.ok("list.get", shop.key, ListID=shop.list_id)["List"]["EventListTrackerID"]
    return found


def collect(client: InProcess, shop: Shop, origin: str | None = PAGE, **body: Any) -> Reply:
    """An event of a page, or what else it sends."""
    headers = {} if origin is None else {"Origin": origin}
    return client.post(f"/t/{public_id(client, shop)}", headers=headers, json={"Event": "page_view", **body})


def inbox(client: InProcess, shop: Shop, **params: Any) -> list[dict[str, Any]]:
    """What `rejections.get` says of the list, or of another inbox, with what is written late."""
    client.services.inbox.flush()
    chosen = params if {"WithoutList", "OfStrangers"} & params.keys() else {"ListID": shop.list_id, **params}
    body = client.ok("rejections.get", shop.key, **chosen)
    assert body["TotalRejectionCount"] == len(body["Rejections"])
    found: list[dict[str, Any]] = body["Rejections"]
    return found


def bodies(client: InProcess, shop: Shop, number: int | str, **params: Any) -> list[dict[str, Any]]:
    chosen = params or {"ListID": shop.list_id}
    found: list[dict[str, Any]] = client.ok("rejection.get", shop.key, RejectionID=number, **chosen)[
        "Rejection"
    ]["Bodies"]
    return found


def refused_body(client: InProcess, shop: Shop, **sent: Any) -> dict[str, Any]:
    """The body of an event whose Email is wrong, in the list's inbox."""
    event = {"ListID": shop.list_id, "Event": "signup", "Email": "no address", **sent}
    assert client.call("event.track", shop.key, **event).codes == [7]
    [found] = inbox(client, shop, Reason="7")
    return bodies(client, shop, found["RejectionID"])[0]
