"""Plausible's export: only its database has events. What the site settings export are sums of days, which no events can be made of.

Sources: https://plausible.io/docs/export-stats and https://plausible.io/docs/csv-import (`imported_visitors_….csv` and others: a row a
day), and `priv/ingest_repo/structure.sql` of Plausible's repository: the table `events_v2` of the Community Edition's ClickHouse,
here in its format JSONEachRow. Times are UTC without an offset, and events have no ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tracker.importing.archives import ArchivePart
from tracker.importing.exports.export_records import LineId, VendorExport, sent_json, utc
from tracker.importing.json_rows import json_rows
from tracker.importing.records import Record, UnusableFile
from tracker.registry.json_object import unreadable
from tracker.sdks import SdkRequest
from tracker.sdks.families.plausible import Plausible
from tracker.sdks.mapping import Params, visitor_uuid

_SUMS = (
    "Plausible exports sums of days as CSV, and no events can be made of them; events are in the table events_v2 of its"
    " ClickHouse, to be had in the format JSONEachRow (docs/sdks.md)"
)
#: Columns that are properties, with what they are called there.
_PROPERTIES = {
    "browser": "$browser",
    "operating_system": "$os",
    **{f"utm_{each}": f"$utm_{each}" for each in ("source", "medium", "campaign", "content", "term")},
}


class PlausibleExport(VendorExport):
    """Rows of `events_v2`. A user of a day is the visitor."""

    adapter = Plausible

    def rows(self, parts: Iterator[ArchivePart]) -> Iterator[Record]:
        last = 0
        for part in parts:
            if part.name.lower().endswith(".csv"):
                raise UnusableFile(_SUMS)
            for row in json_rows(part.open(), last):
                if row.line == 1 and not row.raw.startswith((b"{", b"[")) and b"," in row.raw:
                    raise UnusableFile(_SUMS)
                yield row
                last = row.line

    def requests(self, row: Params, line_id: LineId) -> Iterable[SdkRequest]:
        if not row.get("user_id") or not row.get("timestamp") or "pathname" not in row:
            raise unreadable("a row of events_v2 has a user_id, a timestamp and a pathname")
        host, path = row.get("hostname") or "localhost", row["pathname"]
        found = {ours: row[theirs] for theirs, ours in _PROPERTIES.items() if row.get(theirs)}
        event = {
            "n": row.get("name"),
            "u": f"https://{host}{path}",
            "d": str(row.get("site_id") or row.get("domain") or "export"),
            "r": row.get("referrer"),
            "p": {**found, **_pairs(row)},
            **_money(row),
        }
        request = sent_json("api/event", event, row_id=line_id())
        visitor = visitor_uuid(row["user_id"]) or ""
        request.visitor_of_day = lambda _address, _agent: visitor
        return [request]

    def happened(self, row: Params) -> Any:
        return utc(row["timestamp"])


def _pairs(row: Params) -> Params:
    """Return the custom properties, whose names and values are in two columns."""
    names, values = row.get("meta.key"), row.get("meta.value")
    if not isinstance(names, list) or not isinstance(values, list):
        return {}
    return {name: value for name, value in zip(names, values, strict=False) if isinstance(name, str)}


def _money(row: Params) -> Params:
    amount, currency = row.get("revenue_source_amount"), row.get("revenue_source_currency")
    return {"$": {"amount": amount, "currency": currency}} if amount not in (None, "") else {}
