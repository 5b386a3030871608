"""What do the exports of other trackers look like? Small made-up files in their documented formats."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from typing import Any

VISITOR = "0f8fad5b-d9cb-469f-a165-70867728950e"
ORDER = {"revenue": 12.5, "currency": "EUR", "order_id": "o-1"}


def json_lines(*rows: Any) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def zipped(**parts: bytes) -> bytes:
    """A zip file; a double underscore in a name stands for its dot."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "."), content)
    return packed.getvalue()


def _segment(kind: str, number: int, **more: Any) -> dict[str, Any]:
    at = f"2026-01-05T09:0{number}:00.000Z"
    return {
        "type": kind, "messageId": f"m-{number}", "anonymousId": VISITOR, "userId": None, "timestamp": at, "originalTimestamp": at,
        "sentAt": at, "receivedAt": at, "channel": "client", "context": {"library": {"name": "analytics.js", "version": "4.1.0"}}, **more,
    }  # fmt: skip


SEGMENT = gzip.compress(
    json_lines(
        _segment("page", 1, properties={"url": "https://shop.example/?utm_source=news", "title": "Shop"}),
        _segment("identify", 2, userId="u-1", traits={"email": "ann@example.com"}),
        _segment("track", 3, userId="u-1", event="Order Completed", properties=ORDER),
    )
)


UMAMI_COLUMNS = (
    "website_id,session_id,visit_id,event_id,hostname,browser,os,device,screen,language,url_path,url_query,referrer_path,"
    "referrer_query,referrer_domain,page_title,event_type,event_name,tag,distinct_id,created_at,job_id"
)
_SITE = "3f673ea9-160f-4880-8d92-226feaa1e6d9"
UMAMI_EVENTS = (
    f"{UMAMI_COLUMNS}\n"
    f"{_SITE},{VISITOR},{VISITOR},e-1,shop.example,chrome,Mac OS,desktop,1920x1080,en-GB,/,utm_source=news,/,,news.example,Shop,1,\\N,\\N,\\N,"
    "2026-01-05 09:01:00,\\N\n"
    f'{_SITE},{VISITOR},{VISITOR},e-2,shop.example,chrome,Mac OS,desktop,1920x1080,en-GB,/done,,,,,"Thank you, Ann",2,Order Completed,,,'
    "2026-01-05 09:03:00,\n"
    f"{_SITE},{VISITOR},{VISITOR},e-3,shop.example,chrome,Mac OS,desktop,1920x1080,en-GB,/done,,,,,,5,,,,2026-01-05 09:03:01,\n"
).encode()
UMAMI_DATA = (
    "website_id,session_id,event_id,url_path,event_name,data_key,string_value,number_value,date_value,data_type,created_at,job_id\n"
    + "".join(
        f"{_SITE},{VISITOR},e-2,/done,Order Completed,{key},{text},{number},\\N,{kind},2026-01-05 09:03:00,\n"
        for key, text, number, kind in (
            ("revenue", "12.5000", "12.5000", 2), ("currency", "EUR", "\\N", 1), ("order_id", "o-1", "\\N", 1), ("gift", "true", "\\N", 3),
        )
    )
).encode()  # fmt: skip
UMAMI = zipped(website_event__csv=UMAMI_EVENTS, event_data__csv=UMAMI_DATA, session_data__csv=b"website_id\n")


def _plausible(name: str, number: int, **more: Any) -> dict[str, Any]:
    return {
        "timestamp": f"2026-01-05 09:0{number}:00", "name": name, "site_id": "1", "user_id": "10267284390122412512", "session_id": "17",
        "hostname": "shop.example", "pathname": "/", "referrer": "https://news.example/", "referrer_source": "news", "browser": "Chrome",
        "operating_system": "Mac", "utm_source": "news", "meta.key": [], "meta.value": [], "revenue_source_amount": None,
        "revenue_source_currency": "", **more,
    }  # fmt: skip


PLAUSIBLE = json_lines(
    _plausible("pageview", 1),
    _plausible("pageview", 1),
    _plausible("engagement", 2),
    _plausible(
        "Order Completed", 3,
        **{"meta.key": ["order_id"], "meta.value": ["o-1"], "revenue_source_amount": "12.5", "revenue_source_currency": "EUR"},
    ),
)  # fmt: skip
PLAUSIBLE_SUMS = zipped(
    imported_visitors_20260101_20260131__csv=b'"date","visitors","pageviews","bounces","visits","visit_duration"\n"2026-01-05",1,2,0,1,9\n'
)
