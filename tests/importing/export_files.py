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


#: The address of a page, of which an export has more.
ADDRESS = "https://shop.example/?utm_source=news"
SEGMENT = gzip.compress(
    json_lines(
        _segment("page", 1, properties={"url": f"{ADDRESS}&token=SEKRET", "title": "Shop"}),
        _segment("identify", 2, userId="u-1", traits={"email": "ann@example.com"}),
        _segment("track", 3, userId="u-1", event="Order Completed", properties=ORDER),
    )
)


def _posthog(name: str, number: int, distinct_id: str, **properties: Any) -> dict[str, Any]:
    return {
        "uuid": f"0198c0de-0000-7000-8000-00000000000{number}", "event": name, "distinct_id": distinct_id,
        "timestamp": f"2026-01-05T09:0{number}:00.125000+00:00", "created_at": "2026-01-05T10:00:00+00:00",
        "properties": {"$device_id": VISITOR, "$lib": "web", **properties}, "person_id": VISITOR,
        "person_properties": {"email": "ann@example.com"}, "set": None, "set_once": None, "ip": "203.0.113.7", "site_url": "",
        "elements": None, "team_id": 2,
    }  # fmt: skip


POSTHOG = json_lines(
    _posthog("$pageview", 1, VISITOR, **{"$current_url": "https://shop.example/?utm_source=news"}),
    _posthog("$identify", 2, "u-1", **{"$anon_distinct_id": VISITOR, "$set": {"email": "ann@example.com"}}),
    _posthog("Order Completed", 3, "u-1", **ORDER),
)


def _mixpanel(name: str, number: int, **properties: Any) -> dict[str, Any]:
    own = {
        "time": 1767603600 + number * 60,
        "$insert_id": f"i-{number}",
        "mp_processing_time_ms": 1767603700123,
    }
    return {"event": name, "properties": {**own, "$device_id": VISITOR, "mp_lib": "web", **properties}}


MIXPANEL = json_lines(
    _mixpanel("$mp_web_page_view", 1, distinct_id=f"$device:{VISITOR}", **{"$current_url": "https://shop.example/?utm_source=news"}),
    _mixpanel("Signed Up", 2, distinct_id="u-1", **{"$user_id": "u-1"}),
    _mixpanel("Order Completed", 3, distinct_id="u-1", **{"$user_id": "u-1"}, **ORDER),
)  # fmt: skip


def _amplitude(name: str, number: int, **more: Any) -> dict[str, Any]:
    at = f"2026-01-05 09:0{number}:00.125000"
    return {
        "event_type": name, "event_time": at, "client_event_time": at, "client_upload_time": at, "server_received_time": at,
        "server_upload_time": at, "processed_time": at, "event_id": number, "$insert_id": f"i-{number}", "uuid": VISITOR,
        "device_id": VISITOR, "user_id": None, "session_id": -1, "event_properties": {}, "user_properties": {"plan": "pro"},
        "groups": {}, "group_properties": {}, "data": {"path": "/2/httpapi"}, "ip_address": "203.0.113.7", "library": "amplitude-ts/2.1.0",
        "language": "English", "platform": "Web", "os_name": "Chrome", "app": 1, "amplitude_id": 1, "is_attribution_event": False, **more,
    }  # fmt: skip


AMPLITUDE = zipped(
    **{
        "1/1_2026-01-05_9#0__json__gz": gzip.compress(
            json_lines(
                _amplitude("[Amplitude] Page Viewed", 1, event_properties={"[Amplitude] Page Location": "https://shop.example/?utm_source=news"}),
                _amplitude("$identify", 2, user_id="u-1", user_properties={"email": "ann@example.com"}),
            )
        ),
        "1/1_2026-01-05_9#1__json__gz": gzip.compress(
            json_lines(_amplitude("Order Completed", 3, user_id="u-1", event_properties=ORDER))
        ),
    }
)  # fmt: skip

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


def _action(kind: str, number: int, **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "timestamp": 1767603600 + number * 60,
        "serverTimePretty": "Jan 5, 2026",
        "icon": None,
        **more,
    }


MATOMO = json.dumps(
    [
        {
            "idSite": "1", "idVisit": "7", "visitIp": "203.0.113.0", "visitorId": "0123456789abcdef", "userId": "u-1",
            "referrerUrl": "https://news.example/", "resolution": "1920x1080",
            "actionDetails": [
                _action("action", 1, url=ADDRESS, pageTitle="Shop", pageId="41"),
                _action(
                    "event", 2, url="https://shop.example/", eventCategory="Video", eventAction="play", eventName="a [b] \\ \"c\"",
                    eventValue=3, pageId="42",
                ),
                _action("outlink", 2, url="https://elsewhere.example/", pageId="43"),
                _action("ecommerceOrder", 3, orderId="o-1", revenue=12.5),
            ],
        }
    ],
    indent=1,
).encode()  # fmt: skip
