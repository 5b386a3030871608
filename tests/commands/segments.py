"""Calls about segments that several tests make."""

from __future__ import annotations

from typing import Any

from tests.client import InProcess, Shop

RULE = [{"Of": "person", "Event": "conversion", "Is": "happened"}]


def in_(segment: int, how: str = "in") -> dict[str, Any]:
    return {"Of": "person", "Segment": segment, "Is": how}


def make_segment(client: InProcess, shop: Shop, name: str = "Buyers", rule: Any = RULE) -> int:
    """The number of a new segment of the shop's list."""
    made = client.ok("segment.create", shop.key, ListID=shop.list_id, Name=name, Rule=rule)
    return int(made["SegmentID"])


def segments_of(client: InProcess, shop: Shop, **params: Any) -> list[dict[str, Any]]:
    answer = client.ok("segments.get", shop.key, ListID=shop.list_id, **params)
    assert answer["TotalSegmentCount"] == len(answer["Segments"])
    segments: list[dict[str, Any]] = answer["Segments"]
    return segments
