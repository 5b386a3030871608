"""Amplitude's export: the zip file of its Export API, whose parts are packed with gzip and have one event a line.

Source: https://amplitude.com/docs/apis/analytics/export, "Response schema". All times are UTC without an offset; `event_time` is the
one that Amplitude has corrected. Each event repeats all properties of its user; they are read where they changed.
"""

from __future__ import annotations

from collections.abc import Iterable

from tracker.importing.exports.export_records import LineId, VendorExport, sent_json, utc
from tracker.registry.json_object import unreadable
from tracker.sdks import SdkRequest
from tracker.sdks.families.amplitude import Amplitude
from tracker.sdks.mapping import Params
from tracker.sdks.shapes import inner

#: Columns that an event of an SDK has under the same name, and those that it has under another.
_SAME = (
    "event_type", "user_id", "device_id", "event_properties", "groups", "group_properties", "language", "platform", "os_name",
    "os_version", "device_model", "session_id", "library",
)  # fmt: skip
_OTHER = {"ip_address": "ip", "version_name": "app_version"}
#: Events about users and groups, which say what changed.
_IDENTIFIES = ("$identify", "$groupidentify")


class AmplitudeExport(VendorExport):
    """Events as Amplitude stored them."""

    adapter = Amplitude

    def requests(self, row: Params, line_id: LineId) -> Iterable[SdkRequest]:
        moment = row.get("event_time") or row.get("client_event_time")
        if "event_type" not in row or not moment:
            raise unreadable("an event has an event_type and an event_time")
        event = {name: row[name] for name in _SAME if row.get(name) is not None}
        event |= {theirs: row[name] for name, theirs in _OTHER.items() if row.get(name)}
        event["time"] = utc(moment)
        event["insert_id"] = row.get("$insert_id") or row.get("uuid") or line_id()
        is_changed = inner(row, "data").get("user_properties_updated") is True
        if row["event_type"] in _IDENTIFIES or is_changed:
            event["user_properties"] = row.get("user_properties")
        return [sent_json("2/httpapi", {"api_key": "export", "events": [event]})]
