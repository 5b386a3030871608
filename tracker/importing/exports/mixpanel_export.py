"""Mixpanel's export: the answer of the raw event export API, one event a line.

Source: https://docs.mixpanel.com/reference/raw-event-export (`/api/2.0/export`): `event`, and `properties` with `time`,
`distinct_id` and `$insert_id`. The same event may come twice (https://docs.mixpanel.com/reference/raw-data-export-api).
"""

from __future__ import annotations

from collections.abc import Iterable

from tracker.importing.exports.export_records import LineId, VendorExport, sent_json
from tracker.registry.json_object import unreadable
from tracker.sdks import SdkRequest
from tracker.sdks.families.mixpanel import Mixpanel
from tracker.sdks.mapping import Params
from tracker.sdks.shapes import inner

#: Properties that say how Mixpanel took an event.
_OWN = frozenset(("mp_processing_time_ms", "mp_api_endpoint", "mp_api_timestamp_ms", "$mp_api_endpoint"))


class MixpanelExport(VendorExport):
    """Events as Mixpanel stored them. Profiles are not among them."""

    adapter = Mixpanel

    def requests(self, row: Params, line_id: LineId) -> Iterable[SdkRequest]:
        properties = {name: each for name, each in inner(row, "properties").items() if name not in _OWN}
        if "event" not in row or "time" not in properties:
            raise unreadable("an event has an event, and properties with a time")
        if not properties.get("$insert_id"):
            properties["$insert_id"] = line_id()
        return [sent_json("import", [{"event": row["event"], "properties": properties}])]
