"""PostHog's export: the events of a batch export or a file download in the format JSON lines, packed with gzip or not.

Source: https://posthog.com/docs/data-pipelines/batch-exports/s3, "Events model": uuid, event, distinct_id, properties, timestamp,
set, set_once, ip, and what PostHog made of persons. Brotli and Parquet are not read.
"""

from __future__ import annotations

from collections.abc import Iterable

from tracker.errors import CommandError
from tracker.importing.exports.export_records import LineId, VendorExport, sent_json, utc
from tracker.registry.json_object import unreadable
from tracker.sdks import SdkRequest
from tracker.sdks.families.posthog import PostHog
from tracker.sdks.mapping import Params
from tracker.sdks.shapes import inner, json_of

#: Columns of an export that are fields of a message.
_FIELDS = ("event", "distinct_id")


class PostHogExport(VendorExport):
    """Events as PostHog stored them; what it added of persons is left out."""

    adapter = PostHog

    def requests(self, row: Params, line_id: LineId) -> Iterable[SdkRequest]:
        if "timestamp" not in row:
            raise unreadable("an event has an event, a distinct_id and a timestamp")
        properties = _object_in(row, "properties")
        address = {"$ip": row["ip"]} if row.get("ip") else {}
        message = {name: row[name] for name in _FIELDS if name in row} | {
            "api_key": "export",
            "properties": {**address, **properties},
            "timestamp": utc(row["timestamp"]),
            "uuid": row.get("uuid") or line_id(),
        }
        for name in ("set", "set_once"):
            if traits := _object_in(row, name):
                message[f"${name}"] = traits
        return [sent_json("e", message)]


def _object_in(row: Params, name: str) -> Params:
    """Return the object of a column, which some formats write as a text of JSON."""
    value = row.get(name)
    if isinstance(value, str):
        try:
            value = json_of(value.encode(errors="replace"))
        except CommandError:
            return {}
    return inner({name: value}, name)
