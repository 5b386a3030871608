"""RudderStack: Segment's messages, with a clock of their own and answers that its clients insist on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from tracker.sdks.adapter import Outcomes, SdkCredential, SdkReply, SdkRequest
from tracker.sdks.families.segment import Segment
from tracker.times import iso_utc


class RudderStack(Segment):
    """RudderStack's HTTP API. Messages have the time of their batch as `timestamp`: theirs is `originalTimestamp`."""

    family = "rudderstack"
    title = "RudderStack"
    routes: ClassVar[Mapping[str, str]] = {
        "POST /v1/batch": "events",
        "POST /v1/import": "events",
        "POST /v1/{call}": "events",
        "POST /beacon/v1/batch": "events",
        "GET /sourceConfig": "source_config",
    }

    def credential(self, request: SdkRequest) -> SdkCredential | None:
        """Return the credential of the header. A beacon has none: its key stands in the query, and is no secret there."""
        found = super().credential(request)
        in_query = SdkCredential.of(request.query.get("writeKey"))
        return found or (in_query and in_query._replace(secret=None))

    def source_config(self, request: SdkRequest) -> SdkReply:
        """Answer with the configuration without which the browser client never starts."""
        found = self.credential(request)
        key = found.public_id if found else None
        off = {"enabled": False}
        source: dict[str, Any] = {
            "id": key,
            "name": "Tracker",
            "writeKey": key,
            "enabled": True,
            "workspaceId": "tracker",
            "config": {"statsCollection": {"errors": off, "metrics": off}},
            "destinations": [],
            "connections": [],
        }
        return SdkReply(200, {"source": source, "updatedAt": iso_utc(request.now)})

    def answer(self, request: SdkRequest, outcomes: Outcomes) -> SdkReply:
        return SdkReply(200, "OK")

    def moment(
        self, request: SdkRequest, message: dict[str, Any], envelope: dict[str, Any]
    ) -> tuple[Any, Any]:
        happened = message.get("originalTimestamp") or message.get("timestamp")
        sent = message.get("sentAt") or envelope.get("sentAt") or request.headers.get("sentat")
        return happened, sent
