"""Calls about saved reports, annotations and share links that several tests make."""

from __future__ import annotations

from typing import Any

from tests.client import InProcess, Shop

PARAMS = {"By": "visit:$channel", "Measures": ["people"], "From": "-6d"}


def save(client: InProcess, shop: Shop, name: str = "Channels", **params: Any) -> int:
    """The number of a new saved report of the shop's list."""
    sent = {"ListID": shop.list_id, "Name": name, "Report": "reports.breakdown", "Params": PARAMS, **params}
    return int(client.ok("savedreport.create", shop.key, **sent)["SavedReportID"])


def saved(client: InProcess, shop: Shop) -> list[dict[str, Any]]:
    answer = client.ok("savedreports.get", shop.key, ListID=shop.list_id)
    assert answer["TotalSavedReportCount"] == len(answer["SavedReports"])
    return list(answer["SavedReports"])


def annotate(client: InProcess, shop: Shop, text: str = "Release", **params: Any) -> int:
    """The number of a new annotation of the shop's list."""
    return int(
        client.ok("annotation.create", shop.key, ListID=shop.list_id, Text=text, **params)["AnnotationID"]
    )


def annotations(client: InProcess, shop: Shop, **params: Any) -> list[dict[str, Any]]:
    return list(client.ok("annotations.get", shop.key, ListID=shop.list_id, **params)["Annotations"])


def share(client: InProcess, shop: Shop, **params: Any) -> tuple[int, str]:
    """The number and the token of a new share link of the shop's list."""
    opened = {} if "SavedReportID" in params else {"Overview": True}
    answer = client.ok("share.create", shop.key, **{"ListID": shop.list_id, **opened, **params})
    return int(answer["ShareID"]), answer["URL"].rpartition("/")[2]


def shares(client: InProcess, shop: Shop) -> list[dict[str, Any]]:
    answer = client.ok("shares.get", shop.key, ListID=shop.list_id)
    assert answer["TotalShareCount"] == len(answer["Shares"])
    return list(answer["Shares"])
