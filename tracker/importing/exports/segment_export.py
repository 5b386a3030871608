"""Segment's export: the raw messages that its S3 destination writes, one a line, packed with gzip.

Source: https://segment.com/docs/connections/storage/catalog/aws-s3/ ("gzipped, newline-separated JSON containing the full call
information"), and the Spec for the messages. `timestamp` is the time that Segment has corrected by when a message was sent.
"""

from __future__ import annotations

from collections.abc import Iterable

from tracker.importing.exports.export_records import LineId, VendorExport, sent_json
from tracker.sdks import SdkRequest
from tracker.sdks.families.segment import Segment
from tracker.sdks.mapping import Params


class SegmentExport(VendorExport):
    """Messages as they came in, each a request of its own."""

    adapter = Segment

    def requests(self, row: Params, line_id: LineId) -> Iterable[SdkRequest]:
        message = {name: value for name, value in row.items() if name not in ("sentAt", "batch")}
        if not message.get("messageId"):
            message["messageId"] = line_id()
        return [sent_json("v1/import", message)]
