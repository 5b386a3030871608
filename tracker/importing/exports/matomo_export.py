"""Matomo's export: the visits with their actions that the method `Live.getLastVisitsDetails` of its reporting API answers as JSON.

Source: https://developer.matomo.org/api-reference/reporting-api#Live and `plugins/Live/API.php` of Matomo's repository: an array of
visits, each with `visitorId`, `userId` and `actionDetails`, whose `timestamp` is in seconds, UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlencode

from tracker.importing.exports.export_records import LineId, VendorExport
from tracker.registry.json_object import unreadable
from tracker.sdks import SdkRequest
from tracker.sdks.families.matomo import Matomo
from tracker.sdks.mapping import Params, hashed

#: Kinds of actions with the parameters of the tracking API that say the same, beside their columns. Other kinds are left out.
_KINDS: dict[str, dict[str, str]] = {
    "action": {"url": "url", "action_name": "pageTitle"},
    "event": {
        "url": "url", "e_c": "eventCategory", "e_a": "eventAction", "e_n": "eventName", "e_v": "eventValue",
    },
    "download": {"download": "url"},
    "outlink": {"link": "url"},
    "search": {
        "url": "url", "search": "siteSearchKeyword", "search_cat": "siteSearchCategory", "search_count": "siteSearchCount",
    },
    "goal": {"url": "url", "idgoal": "goalId", "revenue": "revenue"},
    "ecommerceOrder": {
        "ec_id": "orderId", "revenue": "revenue", "ec_st": "revenueSubTotal", "ec_tx": "revenueTax", "ec_sh": "revenueShipping",
        "ec_dt": "revenueDiscount",
    },
}  # fmt: skip
_ORDER = "ecommerceOrder"
#: Kinds whose `url` is where they lead to: the page is that of the action before.
_OF_PAGE = ("download", "outlink")


class MatomoExport(VendorExport):
    """Visits: each action is a request of the tracking API."""

    adapter = Matomo

    def requests(self, row: Params, line_id: LineId) -> Iterable[SdkRequest]:
        actions = row.get("actionDetails")
        if not row.get("visitorId") or not isinstance(actions, list):
            raise unreadable("a visit has a visitorId, and actionDetails in an array")
        return self._of_visit(row, actions, line_id)

    def _of_visit(self, visit: Params, actions: list[Any], line_id: LineId) -> Iterator[SdkRequest]:
        own = visit.get("idVisit") or line_id()
        is_first, page = True, None
        for at, action in enumerate(actions):
            kind = action.get("type") if isinstance(action, dict) else None
            names = _KINDS.get(kind) if isinstance(kind, str) else None
            if names is None:
                continue
            page = action.get("url") if kind == "action" else page
            fields = {
                "idsite": visit.get("idSite") or 1,
                "rec": 1,
                "_id": visit["visitorId"],
                "uid": visit.get("userId"),
                "cdt": action.get("timestamp"),
                "cip": visit.get("visitIp"),
                "res": visit.get("resolution"),
                "url": page if kind in _OF_PAGE else None,
                "urlref": visit.get("referrerUrl") if is_first else None,
                **{name: action.get(theirs) for name, theirs in names.items()},
                **({"idgoal": 0} if kind == _ORDER else {}),
                **{name: each for name, each in action.items() if name.startswith("dimension")},
            }
            is_first = False
            unique = action.get("pageId") or [at, kind]
            sent = {
                name: each
                for name, each in fields.items()
                if each is not None and each != "" and each is not False
            }
            yield SdkRequest(
                "GET", "matomo.php", query_string=urlencode(sent),
                row_id=hashed("matomo", visit.get("idSite"), own, unique),
            )  # fmt: skip
